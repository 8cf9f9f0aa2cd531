const byId = (id) => document.getElementById(id);
const PHRASES = {
  101: "101 Switching Protocols",
  200: "200 OK",
  401: "401 Unauthorized",
  403: "403 Forbidden",
  500: "500 Internal Server Error",
};
const MARKS = { passed: "✓", failed: "✗", "not-reached": "·" };

/** Asks the server; a problem is thrown in its own words. */
async function ask(path, body) {
  const options = body && {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  let response;
  try {
    response = await fetch(`/_local/${path}`, options || {});
  } catch {
    throw new Error("The server does not answer. Is `cargo local serve` still running?");
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

function option(value, text) {
  const made = element("option", "", text);
  made.value = value;
  return made;
}

function showProblem(id, text) {
  byId(id).textContent = text;
  byId(id).hidden = !text;
}

/** Runs it with the button marked as busy; a second click meanwhile does nothing. */
async function busily(button, problemId, work) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  showProblem(problemId, "");
  try {
    await work();
  } catch (error) {
    showProblem(problemId, error.message);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

const credential = () => document.querySelector("input[name=credential]:checked").value;

function showPanel() {
  byId("token-panel").hidden = credential() !== "token";
  byId("pair-panel").hidden = credential() !== "pair";
}

function claims() {
  const text = byId("claims").value.trim();
  if (!text) return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('Not JSON. It looks like {"email_verified": false}.');
  }
}

async function mint() {
  const { token } = await ask("token", {
    use: byId("use").value,
    issuer: byId("issuer").value,
    expired: byId("expired").checked,
    forged: byId("forged").checked,
    claims: claims(),
  });
  byId("token").value = token;
  decode();
}

/** Shows what a token says, as far as it can be read. */
function decode() {
  const parts = byId("token").value.trim().split(".");
  let text = "";
  try {
    const json = parts.slice(0, 2).map((part) => {
      const bytes = Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
      return JSON.stringify(JSON.parse(new TextDecoder().decode(bytes)), null, 2);
    });
    if (json.length === 2) text = json.join("\n");
  } catch {
    // It is not a token, and the decision says so.
  }
  byId("decoded").hidden = !text;
  byId("decoded-text").textContent = text;
}

async function send() {
  if (credential() === "token" && !byId("token").value.trim()) await mint();
  const request = { kind: byId("kind").value, method: byId("method").value, path: byId("path").value };
  if (credential() === "token") request.token = byId("token").value.trim();
  if (credential() === "pair") request.pair = { id: byId("service-id").value, token: byId("service-token").value };
  show(await ask("decision", request));
}

const pretty = (value) => JSON.stringify(value, null, 2);

function show(told) {
  const isThrough = !told.gateway;
  byId("empty").hidden = true;
  byId("told").hidden = false;
  byId("verdict").className = `verdict ${isThrough ? "good" : "bad"}`;
  byId("outcome").textContent = told.outcome;
  byId("reason").textContent = told.reason || (told.principalType ? `as ${told.principalType}` : "");
  byId("advice").textContent = told.change ? `${told.why}. What to do: ${told.change}.` : "";
  const isNews = told.gateway && (!told.reason || told.status === 500) && told.outcome !== "fault";
  byId("gateway").textContent = isNews ? `API Gateway: ${told.gateway}.` : "";
  byId("status").textContent = PHRASES[told.status];
  byId("time").textContent = told.micros === undefined || told.micros === null ? "not asked" : `${told.micros} µs`;
  const lookups = Object.entries(told.lookups || {}).map(([name, from]) => `${name} ${from}`);
  byId("lookups").textContent = lookups.join(", ") || "nothing";
  byId("arn").textContent = told.arn;

  byId("checks").replaceChildren(...told.checks.map(({ name, found, state }) => {
    const item = element("li", state, "");
    const mark = element("span", "mark", MARKS[state]);
    mark.setAttribute("aria-hidden", "true");
    item.append(mark, element("span", "name", name), element("span", "what", found),
      element("span", "state", state.replace("-", " ")));
    item.dataset.check = name;
    return item;
  }));

  const answer = told.answer && JSON.parse(told.answer);
  const context = Object.entries((answer && answer.context) || {});
  byId("context-part").hidden = context.length === 0;
  byId("context").replaceChildren(
    ...context.flatMap(([name, value]) => [element("dt", "", name), element("dd", "", String(value))]));
  byId("answer").textContent = answer ? pretty(answer) : told.error ? `function error: ${told.error}` : "none";
  byId("body").textContent = pretty(told.body);
  if (matchMedia("(max-width: 56rem)").matches) byId("result").scrollIntoView();
}

async function start() {
  const info = await ask("info");
  byId("served").textContent = info.identitySources.length
    ? `${info.title} with the identity sources ${info.identitySources.join(", ")}`
    : info.title;
  byId("kind").replaceChildren(...info.kinds.map(({ name, title }) => option(name, title)));
  byId("kind").value = info.kind;
  byId("issuer").replaceChildren(...info.issuers.map(({ name }) => option(name, name)));
  const use = () => info.issuers.find(({ name }) => name === byId("issuer").value).use;
  byId("issuer").addEventListener("change", () => { byId("use").value = use(); });
  byId("service-id").value = info.service.id;
  byId("service-token").value = info.service.token;
}

for (const radio of document.querySelectorAll("input[name=credential]")) radio.addEventListener("change", showPanel);
byId("token").addEventListener("input", decode);
byId("mint").addEventListener("click", () => busily(byId("mint"), "claims-problem", mint));
byId("request").addEventListener("submit", (event) => {
  event.preventDefault();
  busily(byId("send"), "problem", send);
});
showPanel();
start().catch((error) => showProblem("problem", error.message));
