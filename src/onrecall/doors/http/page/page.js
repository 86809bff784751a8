// Everything from memory is set as text, never as markup.
"use strict";

const RISKS = ["read_only", "reversible", "disruptive", "destructive"];
const VERDICTS = { known: "Known", similar: "Similar", never_seen: "Never seen" };
const POLL_MS = 2000;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

async function call(path, body) {
  const options = body ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) } : {};
  const response = await fetch(`/api/v1${path}`, options);
  const said = await response.json();
  if (!response.ok) throw new Error(said.detail || said.title);
  return said;
}

function trust(answer) {
  const c = answer.confidence;
  if (!c) return answer.confidence_reason;
  return `right ${c.right} of ${c.of} times at this level (${Math.round(c.low * 100)}–${Math.round(c.high * 100)} %)`;
}

function step(one) {
  const risk = RISKS.includes(one.risk) ? one.risk : "destructive";
  const item = element("li", { value: one.n }, one.text, " ", element("span", { class: `risk ${risk}` }, risk.replace("_", " ")));
  if (one.precondition) item.append(element("div", { class: "dim" }, `first: ${one.precondition}`));
  if (one.command && !one.text.includes(one.command)) item.append(element("pre", {}, one.command));
  if (one.rollback) item.append(element("div", { class: "dim" }, `undo: ${one.rollback}`));
  const record = one.record.tried ? `, worked ${one.record.worked} of ${one.record.tried}` : "";
  item.append(element("div", { class: "dim" }, `${one.citation.id}, line ${one.citation.line}: “${one.citation.quote}”${record}`));
  if (one.old_values.length) item.append(element("div", { class: "dim similar" }, `‹…› are values of that incident, not of yours: ${one.old_values.join(", ")}`));
  if (one.stale) item.append(element("div", { class: "dim similar" }, `may be stale: ${one.stale}`));
  return item;
}

function list(title, items) {
  return items.length ? [element("h3", {}, title), element("ul", {}, ...items)] : [];
}

function show(answer) {
  const verdict = answer.verdict in VERDICTS ? answer.verdict : "never_seen";
  const card = element("div", { class: "card" }, element("div", { class: `verdict ${verdict}` }, VERDICTS[verdict]), element("div", { class: "dim" }, answer.verdict_reason));
  if (answer.cause) card.append(element("h3", {}, "Cause"), element("div", {}, answer.cause));
  card.append(element("h3", {}, "How far to trust it"), element("div", {}, trust(answer)));
  if (answer.steps.length) card.append(element("h3", {}, "Steps"), element("ol", {}, ...answer.steps.map(step)));
  card.append(
    ...list("Tried before, did not help", answer.tried_before.map((one) => element("li", {}, one.text, element("div", { class: "dim" }, `${one.citation.id}, line ${one.citation.line}`)))),
    ...list("It could also be", answer.alternatives.map((one) => element("li", {}, one.cause, element("div", { class: "dim" }, one.evidence.join(", ")), element("ul", {}, ...one.tell_apart.map((sign) => element("li", {}, sign)))))),
    ...list("What would tell", answer.tell_apart.map((sign) => element("li", {}, sign))),
    ...list(verdict === "never_seen" ? "Nearest misses" : "Seen before", answer.evidence.map((one) => element("li", {}, `${one.id}  ${one.title}`, element("div", { class: "dim" }, one.why.join(" · "))))),
  );
  document.getElementById("answer").replaceChildren(card);
}

function complain(error) {
  document.getElementById("answer").replaceChildren(element("div", { class: "card destructive", role: "alert" }, error.message));
}

document.getElementById("ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    show(await call("/ask", { text: document.getElementById("text").value }));
  } catch (error) {
    complain(error);
  }
});

async function open(id) {
  try {
    show(await call(`/incidents/${encodeURIComponent(id)}/recommendation?wait=5`));
    document.getElementById("answer").scrollIntoView({ block: "start" });
  } catch (error) {
    complain(error);
  }
}

function row(incident) {
  const when = new Date(incident.started_at).toLocaleString();
  const button = element("button", { type: "button" }, element("strong", {}, incident.id), `  ${incident.title}`,
    element("div", { class: "dim" }, [incident.status, incident.service, when].filter(Boolean).join(" · ")));
  button.addEventListener("click", () => open(incident.id));
  return element("li", { class: "card" }, button);
}

let shown = "";

async function refresh() {
  const state = document.getElementById("state");
  try {
    const { items } = await call("/incidents?limit=20");
    state.textContent = items.length ? "" : "No incidents yet.";
    const now = JSON.stringify(items);
    if (now !== shown) {
      shown = now;
      document.getElementById("feed").replaceChildren(...items.map(row));
    }
  } catch {
    state.textContent = "OnRecall does not answer; trying again …";
  }
  setTimeout(refresh, POLL_MS);
}

refresh();
