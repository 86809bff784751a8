import { createServer, type Server as Listener } from "node:http";
import { readFileSync } from "node:fs";

import { errorsOf, expect, type Server, test } from "./server";

errorsOf(test);

/** A webhook that refuses for good until it is told to take things. */
async function webhook(): Promise<{ listener: Listener; port: number; messages: string[]; take: () => void }> {
  const messages: string[] = [];
  let status = 410;
  const listener = createServer((request, response) => {
    messages.push(String(request.headers["idempotency-key"]));
    request.resume().on("end", () => response.writeHead(status).end());
  });
  await new Promise<void>((done) => void listener.listen(0, "127.0.0.1", done));
  return { listener, port: (listener.address() as { port: number }).port, messages, take: () => { status = 200; } };
}

test("a sender is set up from the page, and seen there when it sends", async ({ page, server }) => {
  await page.goto(`${server.url}/system/senders`);
  await page.getByLabel("Find a sender").fill("anything");
  const generic = page.getByRole("button", { name: /^Anything else/ });
  await expect(generic).toContainText("no messages yet");
  await generic.click();
  await expect(page.getByText(`${server.url}/api/v1/alerts/generic`, { exact: true })).toBeVisible();
  await expect(page.getByText("onrecall.example")).toHaveCount(0);
  await page.getByLabel("Address at which senders reach this server").fill("https://recall.example.org");
  await expect(page.getByText("https://recall.example.org/api/v1/alerts/generic", { exact: true })).toBeVisible();
  await server.post("/api/v1/alerts/generic", [{ title: "Tape robot is stuck", key: "tape-1" }, { colour: "blue" }]);
  await expect(generic).toContainText(/received \d+ s ago/);

  const part = page.getByRole("listitem", { name: /^unread part/ });
  await expect(part).toContainText("title");
  await part.getByRole("button", { name: "Look at it" }).click();
  await part.getByRole("textbox").fill('{"colour": "blue"');
  await expect(part).toContainText("This is not JSON");
  await expect(part.getByRole("button", { name: "Retry corrected" })).toBeDisabled();
  await part.getByRole("textbox").fill('{"title": "Blue light on the tape robot"}');
  await part.getByRole("button", { name: "Retry corrected" }).click();
  await expect(page.getByText("Every message could be read.")).toBeVisible();
});

/** The id of the first incident that is told on a channel: a new channel tells of what happens once it runs, a moment after the server is ready. */
async function firstDelivered(server: Server): Promise<string> {
  let number = 0;
  await expect(async () => {
    number += 1;
    await server.post("/api/v1/incidents", { id: `TOLD-${number}`, title: "Told on a webhook that is gone", service: "hooks" });
    await expect.poll(async () => (await (await fetch(`${server.url}/api/v1/deliveries`)).json()).items.length, { timeout: 10_000 }).toBeGreaterThan(0);
  }).toPass();
  return `TOLD-${number}`;
}

test("a delivery that was given up is found and sent again", async ({ page, idle: server }) => {
  const hook = await webhook();
  try {
    await server.start({ ONRECALL_WEBHOOK_URL: `http://127.0.0.1:${hook.port}/hook`, ONRECALL_ALLOW_PRIVATE_HOSTS: "127.0.0.1" });
    const id = await firstDelivered(server);
    await page.goto(`${server.url}/system/deliveries`);
    await page.getByText("Given up", { exact: true }).click();
    await expect(page).toHaveURL(/state=dead/);
    const row = page.getByRole("listitem").filter({ hasText: id });
    await expect(row).toContainText("410 Gone");
    hook.take();
    await row.getByRole("button", { name: "Send again" }).click();
    await page.getByText("Sent", { exact: true }).click();
    await expect(row).toContainText("sent");
    expect(hook.messages.length).toBe(2);
    expect(new Set(hook.messages).size).toBe(1);
  } finally {
    hook.listener.close();
  }
});

test("the audit is read and checked", async ({ page, server }) => {
  await server.post("/api/v1/incidents", { id: "SEEN-1", title: "Seen by the audit", service: "audit" });
  await page.goto(`${server.url}/system/audit`);
  const row = page.getByRole("listitem").filter({ hasText: "SEEN-1" }).first();
  await row.getByRole("button", { name: "More" }).click();
  await expect(row).toContainText("of the row before");
  await page.getByRole("button", { name: "Check all rows" }).click();
  await expect(page.getByRole("status").filter({ hasText: /All [\d,]+ rows are present and unchanged/ })).toBeVisible();
});

const CAUSES = ["connection pool exhausted", "certificate expired", "disk full of logs", "consumer lag after a deploy", "cache evicted everything"];

/** Incidents of five causes in turn, a day apart. */
const history = (many: number) => Array.from({ length: many }, (_, n) => {
  const cause = CAUSES[n % CAUSES.length] ?? "";
  const began = Date.UTC(2025, 0, 1, 12 * n);
  return {
    id: `OLD-${n}`, title: `Users see errors: ${cause}, for the ${n}. time`, service: `service-${n % 3}`, started_at: new Date(began).toISOString(),
    resolution: { root_cause: cause, cause: cause.replaceAll(" ", "-"), at: new Date(began + 3_600_000).toISOString(), steps: [{ text: `Mended the ${cause}`, outcome: "worked" }] },
  };
});

test("a backtest is started, watched through a reload, and changes what trust says", async ({ page, own: server }) => {
  test.setTimeout(300_000);
  await server.post("/api/v1/history", history(200));
  await page.goto(`${server.url}/trust`);
  await expect(page.getByRole("heading", { name: "Not measured yet" })).toBeVisible();
  await page.getByRole("button", { name: /Measure (now|again)/ }).click();
  const bar = page.getByRole("progressbar", { name: "progress of the backtest" });
  await expect(bar).toBeVisible();
  await page.reload();
  await expect(bar).toBeVisible();
  await expect(page.getByRole("button", { name: "Measure again" })).toBeDisabled();
  await expect(page.getByText(/: \d+ of \d+$/)).toBeVisible({ timeout: 120_000 });
  await expect(page.getByText(/^The named cause was right \d+ of \d+ times/)).toBeVisible({ timeout: 200_000 });
  await expect(page.getByText(/from a replay of your history/)).toBeVisible();
  await expect(page.getByRole("list", { name: "hit rates" })).toContainText("cases");
});

test("a backtest whose server dies is said to be interrupted", async ({ page, server }) => {
  await page.goto(`${server.url}/trust`);
  await page.getByRole("button", { name: /Measure (now|again)/ }).click();
  await expect(page.getByRole("progressbar", { name: "progress of the backtest" })).toBeVisible();
  await server.kill();
  await server.start();
  await expect(page.getByText("The last one was interrupted")).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole("button", { name: "Measure again" })).toBeEnabled();
});

test("keys: the first one locks the doors, another is made, replaced and ended; and memory is downloaded with one", async ({ page, own: server }) => {
  await page.goto(`${server.url}/system/keys`);
  await expect(page.getByText(/No key exists yet: anybody at this machine/)).toBeVisible();
  const form = page.getByRole("form", { name: "create a key" });
  await form.getByLabel("Owner").fill("ann");
  await form.getByRole("button", { name: "Create the key and require keys" }).click();
  const shown = page.getByRole("dialog", { name: "The key of ann" });
  const token = (await shown.locator("pre").textContent()) ?? "";
  expect(token).toMatch(/^onr_/);
  await expect(shown.getByRole("button", { name: "copy the command" })).toBeVisible();
  await shown.getByRole("button", { name: "I have saved it" }).click();
  expect((await fetch(`${server.url}/api/v1/status`)).status).toBe(401);
  await expect(page.getByRole("listitem", { name: "key of ann" })).toContainText("signed in with it");
  await expect(page.getByText(token)).toHaveCount(0);

  await form.getByLabel("Owner").fill("grafana");
  await form.getByRole("combobox", { name: "Role" }).click();
  await page.getByRole("option", { name: /^ingest/ }).click();
  await form.getByRole("button", { name: "Create the key" }).click();
  await page.getByRole("dialog", { name: "The key of grafana" }).getByRole("button", { name: "I have saved it" }).click();
  const grafana = page.getByRole("listitem", { name: "key of grafana" });
  await expect(grafana).toContainText("ingest");
  await grafana.getByRole("button", { name: "Replace…" }).click();
  await page.getByRole("button", { name: "Create the new key" }).click();
  await page.getByRole("dialog", { name: "The key of grafana" }).getByRole("button", { name: "I have saved it" }).click();
  await expect(grafana).toHaveCount(2);
  await grafana.first().getByRole("button", { name: "Revoke…" }).click();
  await page.getByRole("button", { name: "Revoke", exact: true }).click();
  await expect(grafana).toHaveCount(1);

  await page.getByRole("listitem", { name: "key of ann" }).getByRole("button", { name: "Revoke…" }).click();
  await expect(page.getByText("You are signed in with this key")).toBeVisible();
  await page.getByRole("button", { name: "Revoke", exact: true }).click();
  await expect(page.getByText(/is the last valid key with the role admin/)).toBeVisible();

  await page.getByRole("tab", { name: "Export" }).click();
  const begun = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download all of memory" }).click();
  const file = await begun;
  expect(file.suggestedFilename()).toMatch(/^onrecall-\d{4}-\d\d-\d\d\.zip$/);
  expect(readFileSync(await file.path()).subarray(0, 2).toString()).toBe("PK");
});
