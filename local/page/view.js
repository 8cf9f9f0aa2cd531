/** What the page shows: no state, and no request to the server. */
export const byId = (id) => document.getElementById(id);

export function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

export const option = (value, text) => Object.assign(element("option", "", text), { value });
export const pretty = (value) => JSON.stringify(value, null, 2);

const PHRASES = {
  101: "101 Switching Protocols", 200: "200 OK", 401: "401 Unauthorized", 403: "403 Forbidden",
  500: "500 Internal Server Error",
};

/** A span of time in words: `59 min ago`, `in 2 h`. */
export function inWords(seconds) {
  const size = Math.abs(seconds);
  const [number, unit] = size < 120 ? [size, "s"] : size < 7200 ? [size / 60, "min"] : size < 172800 ? [size / 3600, "h"] : [size / 86400, "days"];
  const span = `${Math.floor(number)} ${unit}`;
  return seconds < 0 ? `${span} ago` : `in ${span}`;
}

/** Header and claims of a token, as far as they can be read. */
export function decoded(token) {
  try {
    return token.split(".").slice(0, 2).map((part) => {
      const bytes = Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
      return JSON.parse(new TextDecoder().decode(bytes));
    });
  } catch {
    return null; // It is not a token, and the decision says so.
  }
}

const TIMES = ["exp", "nbf", "iat", "auth_time"];

/** What decides comes first. */
const FIRST = ["token_use", "iss", "aud", "client_id", "exp", "nbf", "scope", "email", "cognito:groups", "groups"];
const rank = ([name]) => (FIRST.indexOf(name) + 1 || FIRST.length + 1);

function claimCell(name, value, claims, configured) {
  const cell = element("td");
  if (TIMES.includes(name) && Number.isFinite(value)) {
    const left = value - Date.now() / 1000;
    const isLate = name === "exp" && left < 0;
    const date = new Date(value * 1000).toUTCString().replace("GMT", "UTC").slice(5);
    cell.append(`${value} · `, element(isLate ? "strong" : "span", isLate ? "late" : "", `${date}, ${inWords(left)}`));
    return cell;
  }
  cell.append(Array.isArray(value) ? value.join(", ") : typeof value === "object" ? JSON.stringify(value) : String(value));
  const issuer = name === "iss" && configured.find(({ identifiers }) => identifiers.includes(value));
  if (issuer) cell.append(" ", element("span", "pill", issuer.name));
  if (name === "iss" && !issuer) cell.append(" ", element("span", "pill", "not configured"));
  if (name === "email") {
    const isVerified = [true, "true"].includes(claims.email_verified);
    cell.append(" ", element("span", "pill", isVerified ? "verified" : "not verified"));
  }
  return cell;
}

/** The token in its three colours, and its claims. */
export function showToken(token, configured) {
  byId("segments").hidden = !token;
  const parts = token.split(".");
  byId("segments").replaceChildren(...parts.flatMap((part, index) =>
    [...(index ? ["."] : []), element("span", `segment-${index}`, part)]));
  const [header, claims] = (token && decoded(token)) || [];
  const isObject = claims && typeof claims === "object";
  byId("claims-table").hidden = !isObject;
  if (!isObject) return;
  const row = (name, cell) => {
    const head = element("th", "", name);
    head.scope = "row";
    return element("tr", "", head, cell);
  };
  byId("claims-rows").replaceChildren(
    row("alg, kid", element("td", "", `${header.alg}, ${header.kid}`)),
    ...Object.entries(claims).sort((one, other) => rank(one) - rank(other)).map(([name, value]) => row(name, claimCell(name, value, claims, configured))));
}

function group(label, tone, names, list) {
  const summary = element("summary", tone, element("strong", "", label), ` ${names.join(" · ")}`);
  const rows = list.map(({ name, found }) => element("li", "", element("b", "", name), ` ${found}`));
  return element("details", "checks", summary, element("ul", "", ...rows));
}

/** Those that passed are folded; the one that failed says what was found. */
export function showChecks(checks) {
  const of = (state) => checks.filter((check) => check.state === state);
  const names = (list) => list.map(({ name }) => name);
  const shown = [];
  const [passed, assumed, failed, rest] = ["passed", "assumed", "failed", "not-reached"].map(of);
  if (passed.length) shown.push(group(`✓ ${passed.length} passed`, "good", names(passed), passed));
  if (assumed.length) shown.push(group(`? ${assumed.length} assumed`, "doubtful", names(assumed), assumed));
  for (const { name, found } of failed) {
    const row = element("div", "failed", element("strong", "", `✗ ${name}`), element("span", "", found));
    row.dataset.check = name;
    shown.push(row);
  }
  if (rest.length) shown.push(element("p", "rest", `${rest.length} not reached: ${names(rest).join(" · ")}`));
  byId("checks").replaceChildren(...shown);
  byId("checks-card").hidden = shown.length === 0;
}

const shortened = (text) => (text.length > 30 ? `${text.slice(0, 18)}…${text.slice(-6)}` : text);

function showCache(cache) {
  byId("cache").hidden = !cache;
  if (!cache) return;
  const key = cache.key.map(([source, value]) => `${source} = ${shortened(value)}`).join(", ");
  const left = element("b", "", String(cache.secondsLeft));
  left.id = "seconds-left";
  const hit = element("b", "", cache.isHit ? "Cache hit" : "Cache miss");
  const words = cache.isHit
    ? [hit, `: the function was not asked. The entry is ${cache.whose || "nobody"}'s, made for ${cache.madeFor}; `, left, " s left."]
    : cache.secondsLeft > 0
      ? [hit, ": the function was asked, and its answer is kept for ", left, " s, for every method and path."]
      : [hit, ": the function was asked. An error is never kept."];
  byId("cache").replaceChildren(...words, " Key: ", element("code", "", key));
}

function showRules(rules) {
  byId("rules").hidden = !rules;
  if (!rules) return;
  const by = rules.policies.length ? ` by ${rules.policies.join(", ")}` : ", since no policy permits it";
  const errors = rules.errors.length ? ` Not evaluated: ${rules.errors.join(", ")}.` : "";
  byId("rules").replaceChildren(element("b", "", "Access rules"), `: ${rules.decision}${by}.${errors}`);
}

function allowed(found) {
  if (found.gateway || !found.principalType) return "";
  const { principalId, context } = JSON.parse(found.answer) || {};
  const id = principalId || (context && context.userId);
  return `Allowed as ${found.principalType} ${id || ""}${found.isAssumed ? ", if what is assumed is true" : ""}.`;
}

export function showDecision(found) {
  const isThrough = !found.gateway;
  byId("empty").hidden = true;
  byId("found").hidden = byId("more").hidden = false;
  byId("verdict").className = `verdict ${isThrough ? "good" : "bad"}`;
  byId("status").textContent = PHRASES[found.status] || String(found.status);
  byId("reason").textContent = found.reason || (found.cache?.isHit ? "from the cache" : isThrough ? found.outcome : "");
  byId("why").textContent = found.why ? `${found.why}.` : allowed(found);
  byId("change").textContent = found.change ? `What to do: ${found.change}.` : "";
  const isNews = found.gateway && (!found.reason || found.status === 500) && found.outcome !== "fault";
  byId("gateway").textContent = isNews ? `API Gateway: ${found.gateway}.` : "";
  const lookups = Object.entries(found.lookups || {}).map(([name, from]) => `${name} ${from}`);
  const wasAsked = Number.isFinite(found.micros);
  const facts = [
    ["Decided in", wasAsked ? `${(found.micros / 1000).toFixed(1)} ms` : "the function was not asked"],
    ["Resource", found.arn.split(":").slice(5).join(":")],
  ];
  if (wasAsked) facts.push(["Looked up", lookups.join(", ") || "nothing"], ["Issuer", found.issuer || "none"]);
  if (found.isAssumed) facts.push(["Assumed", "signature and lookups: nobody was asked (--live asks)"]);
  byId("facts").replaceChildren(...facts.map(([name, value]) =>
    element("div", "", element("dt", "", name), element("dd", "", value))));
  showCache(found.cache);
  showRules(found.rules);
  showChecks(found.checks);
}

const quoted = (text) => `'${text.replace(/'/g, "'\\''")}'`;

/** What the tabs show. */
export function details(found, method) {
  const answer = found.answer && JSON.parse(found.answer);
  const headers = found.headers.map(([name, value]) => ` \\\n  -H ${quoted(`${name}: ${value}`)}`).join("");
  const error = found.errorType ? `x-amzn-errortype: ${found.errorType}\n` : "";
  return [
    ["Function response", answer ? pretty(answer) : found.error ? `function error: ${found.error}` : "none: the function was not asked"],
    ["Client response", `${PHRASES[found.status]}\n${error}\n${pretty(found.body)}`],
    ["Event", found.event ? pretty(JSON.parse(found.event)) : "none: the function was not asked"],
    ["Log line", found.log ? pretty(found.log) : "none: the function was not asked"],
    ["curl", `curl -i -X ${method}${headers} \\\n  ${quoted(location.origin + found.target)}`],
  ];
}

export function showRecent(rows) {
  if (!rows.length) return;
  byId("recent-rows").replaceChildren(...rows.slice(0, 12).map((row) => {
    const time = new Date(row.time * 1000).toISOString().slice(11, 19);
    const what = `${row.method} ${row.path} · ${row.what.split(", ")[0]}`;
    const micros = Number.isFinite(row.micros) ? `${(row.micros / 1000).toFixed(1)} ms` : "–";
    return element("tr", "", element("td", "", time), element("td", row.status < 400 ? "good" : "bad", String(row.status)),
      element("td", "what", what, " ", element("span", "pill", row.from === "page" ? "page" : "client")), element("td", "time", micros));
  }));
}
