// A front end of another origin, as RAG of Fire's is: its page asks OnRecall from a port of its own.
import { createServer, type Server as Listener } from "node:http";

import { expect, type Page, test } from "./server";

const PAGE = `<!doctype html><title>Front end</title>
<h1 id="action"></h1><p id="confidence"></p><p id="latency"></p><p id="citations"></p><p id="when"></p><ul id="history"></ul>
<ol id="told"></ol><pre id="trouble"></pre>
<script>
  const api = new URLSearchParams(location.search).get("api");
  const show = (id, text) => { document.getElementById(id).textContent = text; };
  const add = (id, text) => { document.getElementById(id).append(Object.assign(document.createElement("li"), { textContent: text })); };
  const ask = async (path, body) => {
    const answer = await fetch(api + path, body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.detail);
    return said;
  };
  const socket = new WebSocket(api.replace("http", "ws") + "/ws/incidents");
  socket.onopen = () => socket.send(JSON.stringify({ type: "subscribe", tenant_id: "acme" }));
  socket.onclose = (event) => add("told", "closed: " + event.reason);
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === "decision") {
      const said = message.data;
      add("told", "decision " + said.recommended_action + " " + (said.confidence_score * 100).toFixed(1) + "% "
        + said.citations.length + " " + said.tenant_id + "/" + said.service_name + " " + new Date(said.generated_at).toISOString());
    } else add("told", message.type);
  };
  window.analyze = async () => {
    try {
      const body = { error_type: "kafka_consumer_lag", spike_percentage: 320, tenant_id: "acme", service_name: "event_processing",
        metric_name: "consumer_lag", window_minutes: 5, top_k: 3 };
      const said = await ask("/api/v1/decisions/analyze", body);
      show("action", said.recommended_action);
      show("confidence", (said.confidence_score * 100).toFixed(1) + "%");
      show("latency", said.latency_ms.toFixed(0) + " ms");
      show("citations", said.citations.join(" | "));
      show("when", new Date(said.generated_at).toISOString());
    } catch (error) { show("trouble", error.message); }
  };
  window.past = async () => {
    try {
      const said = await ask("/api/v1/decisions/history?limit=10");
      for (const one of said.items) add("history", one.symptom + " " + new Date(one.generated_at).toISOString());
      add("history", "of " + said.total);
    } catch (error) { show("trouble", error.message); }
  };
</script>`;
const DATE = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/;

/** The front end at port 3000, where theirs runs, or at another where that one is taken. */
async function frontEnd(): Promise<{ listener: Listener; origin: string }> {
  const listener = createServer((_, response) => response.setHeader("Content-Type", "text/html").end(PAGE));
  const at = (port: number) =>
    new Promise<void>((done, failed) => void listener.once("error", failed).listen(port, "127.0.0.1", done));
  await at(3000).catch(() => at(0));
  return { listener, origin: `http://localhost:${(listener.address() as { port: number }).port}` };
}

const press = (page: Page, what: "analyze" | "past") =>
  page.evaluate((name) => (window as unknown as Record<string, () => Promise<void>>)[name]!(), what);

test("without its origin named, a page elsewhere may look and listen, and what it may not is refused with the setting's name", async ({ page, server }) => {
  const { listener, origin } = await frontEnd();
  await page.goto(`${origin}/?api=${server.url}`);
  await expect(page.locator("#told")).toContainText("connected");
  await press(page, "past");
  await expect(page.locator("#history")).toContainText("of ");
  await press(page, "analyze");
  await expect(page.locator("#trouble")).toContainText("ONRECALL_CORS_ORIGINS");
  await expect(page.locator("#action")).toHaveText("");
  listener.close();
});

test("a page of another machine hears from the closing socket which setting lets it", async ({ page, server }) => {
  const elsewhere = "http://front.example";
  await page.route(`${elsewhere}/**`, (route) => route.fulfill({ contentType: "text/html", body: PAGE }));
  await page.goto(`${elsewhere}/?api=${server.url}`);
  await expect(page.locator("#told")).toContainText("ONRECALL_CORS_ORIGINS");
  await press(page, "past");
  await expect(page.locator("#trouble")).not.toHaveText("");
  await expect(page.locator("#history")).toHaveText("");
});

test("with its origin named it decides, looks back and listens", async ({ page, server }) => {
  const { listener, origin } = await frontEnd();
  await server.kill();
  await server.start({ ONRECALL_CORS_ORIGINS: origin });
  await page.goto(`${origin}/?api=${server.url}`);
  await expect(page.locator("#told")).toContainText("connectedsubscribed");
  await press(page, "analyze");
  await expect(page.locator("#action")).toHaveText(/^Throttle .*45/);
  await expect(page.locator("#confidence")).toHaveText(/^\d+\.\d%$/);
  await expect(page.locator("#latency")).toHaveText(/^\d+ ms$/);
  await expect(page.locator("#citations")).toHaveText(/^INC-2025-002, line \d+: /);
  await expect(page.locator("#when")).toHaveText(DATE);
  const decisions = page.locator("#told li", { hasText: "decision" });
  await expect(decisions).toHaveText(/^decision Throttle .*45.* \d+\.\d% \d+ acme\/event_processing /);
  await expect(decisions).toHaveText(DATE);
  await press(page, "past");
  await expect(page.locator("#history li").first()).toHaveText(/kafka_consumer_lag \+320/);
  await expect(page.locator("#history li").first()).toHaveText(DATE);
  await expect(page.locator("#trouble")).toHaveText("");
  listener.close();
});
