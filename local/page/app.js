import { byId, details, element, option, showDecision, showRecent, showToken } from "./view.js";

/** Each sets the whole form. `claims` and the like are wishes for a token. */
const SCENARIOS = {
  "Valid ID token": { use: "id" },
  "Valid access token": { use: "access" },
  Expired: { use: "id", expired: true },
  "Forged signature": { use: "id", forged: true },
  "Wrong app client": { use: "id", claims: { aud: "another-client" } },
  "Unverified email": { use: "id", claims: { email_verified: false } },
  "Second pool": { use: "id", issuer: "SECONDARY" },
  "OIDC issuer": { use: "access", issuer: "DEV" },
  Service: { credential: "pair" },
  "Wrong service token": { credential: "pair", serviceToken: "wrong" },
  "No credentials": { credential: "none" },
  "Paste your own…": { credential: "token", paste: true },
};

const state = { info: null, scenario: "", credential: "token", minted: "", isEdited: false, tabs: [], tab: 0 };

/** Asks the server; a problem is thrown in its own words. */
async function ask(path, body) {
  const post = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  let response;
  try {
    response = await fetch(`/_local/${path}`, post || {});
  } catch {
    throw new Error("The server does not answer. Is `cargo local serve` still running?");
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

function showProblem(id, text) {
  byId(id).textContent = text;
  byId(id).hidden = !text;
}

/** One after the other: what is clicked last is shown last. */
let queue = Promise.resolve();
function run(problemId, work) {
  queue = queue.then(async () => {
    byId("send").setAttribute("aria-busy", "true");
    showProblem(problemId, "");
    try {
      await work();
    } catch (error) {
      showProblem(problemId, error.message);
    } finally {
      byId("send").removeAttribute("aria-busy");
    }
  });
  return queue;
}

/** The wish for a token that the form shows. */
function wish() {
  const text = byId("claims").value.trim();
  let claims = {};
  try {
    if (text) claims = JSON.parse(text);
  } catch {
    throw new Error('The other claims are not JSON. It looks like {"email_verified": false}.');
  }
  return { use: byId("use").value, issuer: byId("issuer").value, expired: byId("expired").checked, forged: byId("forged").checked, claims };
}

/** Makes the token that the form asks for, unless it is there, or was written by hand. */
async function mint() {
  if (state.credential !== "token" || state.isEdited || !state.info.isDevelopment) return;
  const wanted = JSON.stringify(wish());
  const isFresh = state.minted === wanted && Date.now() - state.mintedAt < 50 * 60 * 1000;
  if (isFresh) return;
  const { token } = await ask("token", JSON.parse(wanted));
  Object.assign(state, { minted: wanted, mintedAt: Date.now() });
  byId("token").value = token;
  showCredential();
}

function showCredential() {
  const { credential, isEdited } = state;
  byId("token-card").hidden = credential !== "token";
  byId("pair-card").hidden = credential !== "pair";
  const names = { token: "Sends the token below", pair: "Sends the service's id and token", none: "Sends no credential" };
  byId("carrier").textContent = names[credential];
  byId("origin").hidden = !byId("token").value;
  byId("origin").textContent = isEdited ? "edited by hand" : "made here";
  if (credential === "token") showToken(byId("token").value.trim(), state.info.configured);
  for (const chip of document.querySelectorAll("#scenarios button")) {
    chip.setAttribute("aria-pressed", String(chip.textContent === state.scenario));
  }
}

/** Into the address, so that it can be kept and shared; never a token that was pasted. */
function remember() {
  const kept = { kind: byId("kind").value, method: byId("method").value, path: byId("path").value };
  if (state.scenario) kept.scenario = state.scenario;
  else if (state.credential === "token" && !state.isEdited) kept.token = JSON.stringify(wish());
  history.replaceState(null, "", `#${new URLSearchParams(kept)}`);
}

async function send() {
  await mint();
  const request = { kind: byId("kind").value, method: byId("method").value, path: byId("path").value };
  if (state.credential === "token") request.token = byId("token").value.trim();
  if (state.credential === "pair") request.pair = { id: byId("service-id").value, token: byId("service-token").value };
  const found = await ask("decision", request);
  showDecision(found);
  state.tabs = details(found, request.method);
  showTab(state.tab);
  remember();
  await refresh();
  if (matchMedia("(max-width: 56rem)").matches) byId("result").scrollIntoView();
}

function fill({ use = "id", issuer = "PRIMARY", expired = false, forged = false, claims }) {
  byId("use").value = use;
  byId("issuer").value = issuer;
  byId("expired").checked = expired;
  byId("forged").checked = forged;
  byId("claims").value = claims && Object.keys(claims).length ? JSON.stringify(claims) : "";
}

async function play(name) {
  const scenario = SCENARIOS[name];
  Object.assign(state, { scenario: name, credential: scenario.credential || "token", isEdited: Boolean(scenario.paste) });
  if (scenario.paste) {
    byId("token").value = "";
    byId("edit").open = true;
    showCredential();
    byId("token").focus();
    remember();
    return;
  }
  if (state.credential === "token") fill(scenario);
  if (state.credential === "pair" && state.info.service) {
    byId("service-id").value = state.info.service.id;
    byId("service-token").value = scenario.serviceToken || state.info.service.token;
  }
  await mint();
  showCredential();
  if (state.credential === "pair" && !state.info.service) return;
  await send();
}

function showTab(index) {
  state.tab = index;
  byId("tabs").replaceChildren(...state.tabs.map(([name], position) => {
    const tab = element("button", "", name);
    tab.id = `tab-${position}`;
    tab.type = "button";
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", "panel");
    tab.setAttribute("aria-selected", String(position === index));
    tab.tabIndex = position === index ? 0 : -1;
    tab.addEventListener("click", () => { showTab(position); byId(`tab-${position}`).focus(); });
    return tab;
  }));
  byId("panel").setAttribute("aria-labelledby", `tab-${index}`);
  byId("detail").textContent = state.tabs[index][1];
}

async function refresh() {
  showRecent(await ask("recent"));
}

function showInfo(info) {
  state.info = info;
  const mode = info.isDevelopment ? "development deployment" : `${info.deployment} · ${info.isLive ? "live" : "offline"}`;
  const whom = `${info.configured.length} issuers · services ${info.services ? "on" : "off"}`;
  const pills = [info.title, info.ttl ? `cache ${info.ttl} s` : "cache off", mode, whom];
  if (info.backend) pills.push(`backend ${info.backend}`);
  if (info.rules) pills.push(`${info.rules.policies.length} access rules`);
  byId("pills").replaceChildren(...pills.map((text) => element("li", "pill", text)));
}

function showDrawer() {
  const { identitySources, ttl, settings } = state.info;
  byId("identity-sources").value = identitySources.join(", ");
  byId("ttl").value = ttl;
  byId("setting-fields").replaceChildren(...settings.map(({ name, value, default: usual, help, options }) => {
    const field = element(options.length ? "select" : "input");
    if (options.length) field.append(option("", `default (${usual})`), ...options.map((one) => option(one, one)));
    else Object.assign(field, { placeholder: usual, spellcheck: false, autocomplete: "off" });
    field.dataset.setting = name;
    field.value = options.find((one) => one.toLowerCase() === value.toLowerCase()) || (options.length ? "" : value);
    field.dataset.before = field.value;
    return element("label", "", name, field, element("small", "", help));
  }));
  showProblem("settings-problem", "");
  byId("drawer").showModal();
}

async function apply() {
  const fields = [...document.querySelectorAll("[data-setting]")];
  const isChanged = ({ dataset, value }) => value !== dataset.before || dataset.setting in state.changes;
  const changes = Object.fromEntries(fields.filter(isChanged).map((field) => [field.dataset.setting, field.value]));
  const identitySources = byId("identity-sources").value.split(",").map((name) => name.trim()).filter(Boolean);
  showInfo(await ask("settings", { settings: changes, identitySources, ttl: Number(byId("ttl").value) }));
  state.changes = changes;
  byId("drawer").close();
  if (!byId("found").hidden) await send();
}

/** What people paste has more around it than a token. */
const bare = (text) => text.trim().replace(/^authorization:\s*/i, "").replace(/^bearer\s+/i, "").replace(/^"(.*)"$/, "$1");

async function start() {
  state.changes = {};
  const info = await ask("info");
  byId("kind").replaceChildren(...info.kinds.map(({ name, title }) => option(name, title)));
  byId("issuer").replaceChildren(...info.issuers.map(({ name }) => option(name, name)));
  showInfo(info);
  byId("mint").hidden = !info.isDevelopment;
  const isPossible = (name) => info.isDevelopment || ["No credentials", "Paste your own…"].includes(name) || (name === "Service" && info.services);
  byId("scenarios").replaceChildren(...Object.keys(SCENARIOS).filter(isPossible).map((name) => {
    const chip = element("button", "chip", name);
    chip.type = "button";
    chip.addEventListener("click", () => run("problem", () => play(name)));
    return chip;
  }));
  const kept = new URLSearchParams(location.hash.slice(1));
  byId("kind").value = info.kinds.some(({ name }) => name === kept.get("kind")) ? kept.get("kind") : info.kind;
  byId("method").value = kept.get("method") || "GET";
  byId("path").value = kept.get("path") || "/pets/42";
  if (kept.has("token")) fill(JSON.parse(kept.get("token")));
  await mint();
  showCredential();
  if (kept.get("scenario") in SCENARIOS) await play(kept.get("scenario"));
  await refresh();
}

for (const id of ["use", "issuer", "expired", "forged", "claims"]) {
  byId(id).addEventListener("change", () => run("problem", async () => {
    if (id === "issuer") byId("use").value = state.info.issuers.find(({ name }) => name === byId("issuer").value).use;
    Object.assign(state, { scenario: "", isEdited: false });
    await mint();
    showCredential();
  }));
}
byId("token").addEventListener("input", () => {
  const text = bare(byId("token").value);
  if (text !== byId("token").value) byId("token").value = text;
  Object.assign(state, { scenario: "", isEdited: true, minted: "" });
  showCredential();
});
for (const id of ["service-id", "service-token"]) {
  byId(id).addEventListener("input", () => { state.scenario = ""; showCredential(); });
  byId(id).addEventListener("keydown", ({ key }) => key === "Enter" && run("problem", send));
}
byId("request").addEventListener("submit", (event) => {
  event.preventDefault();
  run("problem", send);
});
byId("tabs").addEventListener("keydown", ({ key }) => {
  const steps = { ArrowRight: 1, ArrowLeft: -1 };
  if (!(key in steps)) return;
  showTab((state.tab + steps[key] + state.tabs.length) % state.tabs.length);
  byId(`tab-${state.tab}`).focus();
});
byId("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(byId("detail").textContent);
  byId("copy").textContent = "Copied";
  setTimeout(() => { byId("copy").textContent = "Copy"; }, 1500);
});
byId("open-drawer").addEventListener("click", showDrawer);
byId("close-drawer").addEventListener("click", () => byId("drawer").close());
byId("settings").addEventListener("submit", (event) => {
  event.preventDefault();
  run("settings-problem", apply);
});
setInterval(() => {
  const left = byId("seconds-left");
  if (left && Number(left.textContent) > 0) left.textContent = String(Number(left.textContent) - 1);
}, 1000);
setInterval(() => document.visibilityState === "visible" && state.info && refresh().catch(() => {}), 2000);
run("problem", start);
