// A team on an incident, from a link that somebody sent to the note that somebody wrote; and what is shown when things are away.
import type { Locator } from "@playwright/test";

import { errorsOf, expect, settled, test } from "./server";

errorsOf(test);

const POOL = "remaining connection slots are reserved, too many clients already";

function alert(labels: Record<string, string>, fingerprint: string) {
  return {
    version: "4", status: "firing", groupKey: "{}",
    alerts: [{
      status: "firing", fingerprint, startsAt: new Date().toISOString(), generatorURL: "https://prom.example/graph?g0.expr=up",
      labels: { alertname: "DatabaseConnectionsHigh", severity: "critical", ...labels },
      annotations: { summary: POOL, runbook_url: "https://wiki.example/pool", dashboard_url: "javascript:alert(1)" },
    }],
  };
}

test("a link from elsewhere opens its page, an old one with # too, and a wrong one leads home", async ({ page, server }) => {
  const { id } = await server.post("/api/v1/incidents", { title: "Opened by a link", service: "links" });
  await page.goto(`${server.url}/incidents/${String(id)}`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Opened by a link");
  await page.goto(`${server.url}/#/incidents/${String(id)}`);
  await expect(page).toHaveURL(`${server.url}/incidents/${String(id)}`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Opened by a link");
  await page.goto(`${server.url}/trust`);
  await page.evaluate(() => { location.hash = "#/memory?kind=documents"; });
  await expect(page).toHaveURL(/\/memory\?kind=documents$/);

  expect((await page.goto(`${server.url}/no/such/page`))?.status()).toBe(404);
  await expect(page.getByRole("heading", { name: "Page not found" })).toBeVisible();
  await page.getByRole("link", { name: "Go to Now" }).click();
  await expect(page.getByRole("heading", { name: "Now" })).toBeVisible();
  await page.goto(`${server.url}/incidents/NOPE-1`);
  await expect(page.getByRole("heading", { name: "There is no incident NOPE-1" })).toBeVisible();
});

test("an incident is assigned and written about, and its timeline says so", async ({ page, server }) => {
  const { id } = await server.post("/api/v1/incidents", { title: "Somebody has to take this", service: "team" });
  await page.goto(`${server.url}/incidents/${String(id)}`);
  await settled(page);
  await page.getByRole("button", { name: "Unassigned: assign" }).click();
  await page.getByRole("combobox", { name: "Who works on it" }).fill("Noor");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Assigned to Noor: change" })).toBeVisible();

  const note = page.getByRole("textbox", { name: "note", exact: true });
  await note.fill("Queue at **95 %**\n\n<img src=x onerror=alert(1)> `drain.sh`");
  await page.reload();
  await expect(note).toHaveValue(/Queue at/); // a draft survives
  await note.press("Control+Enter");
  const written = page.getByRole("article", { name: "note by somebody" });
  await expect(written.locator("b")).toHaveText("95 %");
  await expect(written.locator("img")).toHaveCount(0);
  await expect(note).toHaveValue("");
  const timeline = page.getByRole("region", { name: "Timeline" });
  await expect(timeline).toContainText("Assigned to Noor");
  await expect(timeline).toContainText("Queue at 95 %");
  await page.goto(server.url);
  await expect(page.getByRole("listitem").filter({ hasText: "Somebody has to take this" })).toContainText("Noor");
});

/** Pastes a picture that this page draws, and a file that is none. */
async function pastePicture(box: Locator): Promise<void> {
  await box.evaluate(async (element) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 24 });
    canvas.getContext("2d")?.fillRect(4, 4, 20, 12);
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File(blob ? [blob] : [], "../pool graph.png", { type: "image/png" }));
    clipboardData.items.add(new File(["<svg onload=alert(1)>"], "evil.svg", { type: "image/svg+xml" }));
    element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  });
}

test("a pasted picture is stored with its note, and title, service, severity and tags are edited in place", async ({ page, server }) => {
  const { id } = await server.post("/api/v1/incidents", { title: "Pumpe steht", service: "well", labels: { zone: "a" } });
  await page.goto(`${server.url}/incidents/${String(id)}`);
  await settled(page);
  const note = page.getByRole("textbox", { name: "note", exact: true });
  await note.fill("Pool at its limit:");
  await pastePicture(note);
  await expect(page.getByText("evil.svg is not a PNG, JPEG, WebP or GIF.")).toBeVisible();
  await expect(note).toHaveValue(/!\[pool-graph\.png\]\(\/api\/v1\/incidents\/[^)]+\/images\/[0-9a-f]{32}\)/);
  await page.getByRole("button", { name: "Add note" }).click();
  const picture = page.getByRole("article", { name: "note by somebody" }).getByRole("img", { name: "pool-graph.png" });
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(40);
  await expect(page.getByRole("region", { name: "Timeline" }).getByRole("img", { name: "pool-graph.png" })).toBeVisible();

  await page.getByRole("button", { name: /^edit title/ }).click();
  const form = page.getByRole("form", { name: "edit the incident" });
  await form.getByRole("textbox", { name: "Title" }).fill("Pump stands still");
  await form.getByRole("combobox", { name: "Service" }).fill("well-2");
  await form.getByRole("textbox", { name: "Labels" }).fill("zone");
  await expect(form.getByRole("button", { name: "Save" })).toBeDisabled();
  await form.getByRole("textbox", { name: "Labels" }).fill("zone=b");
  await form.getByRole("combobox", { name: "Tags" }).fill("wet,");
  await form.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Pump stands still");
  await expect(page.getByRole("button", { name: /^edit title/ })).toBeFocused();
  await expect(page.getByRole("list", { name: "tags" })).toContainText("wet");
  await expect(page.getByRole("region", { name: "Timeline" })).toContainText("title from “Pumpe steht” to “Pump stands still”");

  await page.getByRole("link", { name: "well-2" }).first().click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("well-2");
  await expect(page.getByRole("region", { name: "Open now" })).toContainText("Pump stands still");
  await page.goto(`${server.url}/services/nobody%2Fnames-it`);
  await expect(page.getByRole("heading", { name: "Nothing on record names nobody/names-it" })).toBeVisible();
});

test("the alert's links are one touch away, and only those that a browser opens as a page", async ({ page, server }) => {
  await server.post("/api/v1/alerts/alertmanager", alert({ service: "linked" }, "linked-1"));
  await page.goto(`${server.url}/incidents/${await server.answered("service=linked")}`);
  const links = page.getByRole("navigation", { name: "links of its alerts" });
  await expect(links.getByRole("link", { name: "Runbook" })).toHaveAttribute("href", "https://wiki.example/pool");
  await expect(links.getByRole("link", { name: "Alert rule" })).toHaveAttribute("rel", "noreferrer");
  await expect(page.locator("a[href^=javascript]")).toHaveCount(0);
});

test("a command's old values are fields: filled from labels, and copied only filled or knowingly", async ({ page, server, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const text = () => page.evaluate(() => navigator.clipboard.readText());
  const id = "PLACE-1";
  const resolution = { root_cause: "Zeppelin hangar door jammed", steps: [{ text: "Restarted the hangar pod", command: "kubectl -n hangar delete pod zeppelin-6f7d8b9c4d-x2k9q" }] };
  await server.post("/api/v1/incidents", { id, title: "Zeppelin hangar door does not open", service: "hangar", started_at: "2026-01-05T03:12:00Z" });
  await server.post(`/api/v1/incidents/${id}/resolution`, resolution);
  await server.post("/api/v1/incidents", { id: "PLACE-2", title: "Zeppelin hangar door does not open again", service: "hangar" });
  await page.goto(`${server.url}/incidents/PLACE-2`);
  const step = page.getByRole("listitem").filter({ hasText: /^1\./ });
  await expect(step).toContainText("Restart the hangar pod");
  await step.getByRole("button", { name: "as it was written" }).click();
  await expect(step).toContainText("Then: “Restarted the hangar pod”");
  await step.getByRole("button", { name: "copy the command" }).click();
  await expect(step.getByRole("alert")).toContainText("zeppelin-6f7d8b9c4d-x2k9q is a value of the old incident");
  await step.getByRole("button", { name: "Copy it anyway" }).click();
  await expect.poll(text).toBe("kubectl -n hangar delete pod ‹zeppelin-6f7d8b9c4d-x2k9q›");
  await step.getByLabel("Your pod (last time zeppelin-6f7d8b9c4d-x2k9q)").fill("zeppelin-1");
  await step.getByRole("button", { name: "copy the command" }).click();
  await expect.poll(text).toBe("kubectl -n hangar delete pod zeppelin-1");

  await server.post("/api/v1/incidents", { id: "PLACE-3", title: "Zeppelin hangar door does not open once more", service: "hangar", labels: { k8s_pod_name: "zeppelin-77f8c9d5b-qqqqq" } });
  await page.goto(`${server.url}/incidents/PLACE-3`);
  await expect(page.getByRole("listitem").filter({ hasText: /^1\./ }).getByRole("button", { name: "copy the command" })).toBeVisible();
  await page.getByRole("listitem").filter({ hasText: /^1\./ }).getByRole("button", { name: "copy the command" }).click();
  await expect.poll(text).toBe("kubectl -n hangar delete pod zeppelin-77f8c9d5b-qqqqq");
});

test("what was never seen has runbooks, what began with it, and a place to write", async ({ page, server }) => {
  await fetch(`${server.url}/api/v1/documents/runbooks/tea.md`, { method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ title: "Descaling", text: "# Descaling\n\nPour vinegar.", service: "kitchenette" }) });
  await server.post("/api/v1/incidents", { title: "Biscuit tin is empty", service: "pantry" });
  const { id } = await server.post("/api/v1/incidents", { title: "Kettle whistles in E flat minor", service: "kitchenette" });
  await page.goto(`${server.url}/incidents/${String(id)}`);
  await expect(page.getByTestId("verdict")).toHaveText(/Never seen this/i);
  const start = page.getByRole("region", { name: "what to go on" });
  await expect(start).toContainText("Biscuit tin is empty");
  await expect(page.getByRole("form", { name: "write a note" })).toHaveCount(1);
  await start.getByRole("link", { name: "Descaling", exact: true }).click();
  await expect(page.getByRole("region", { name: "document runbooks/tea.md" })).toContainText("Pour vinegar.");
});

test("an action item is added, edited and done on a phone, and is louder once it is overdue", async ({ page, server }) => {
  await page.setViewportSize({ width: 375, height: 812 });
  const { id } = await server.post("/api/v1/incidents", { title: "Gangway does not retract", service: "gangway" });
  await page.goto(`${server.url}/incidents/${String(id)}`);
  const section = page.getByRole("region", { name: "Action items" });
  await section.getByRole("button", { name: "Add action item…" }).click();
  const form = page.getByRole("form", { name: "add an action item" });
  await form.getByLabel("What should be done").fill("Grease the <b>rails</b> monthly");
  await form.getByLabel("Owner").fill("Noor");
  await form.getByLabel("Due").fill("2020-02-29");
  await form.getByRole("button", { name: "Add" }).click();
  const row = section.getByRole("article", { name: "Grease the <b>rails</b> monthly" });
  await expect(row).toContainText("overdue");
  await row.getByRole("button", { name: /^edit: / }).click();
  const edit = page.getByRole("form", { name: "edit the action item" });
  await edit.getByLabel("Issue").fill("https://tracker.example/browse/OPS-7");
  await edit.getByRole("button", { name: "Save" }).click();
  await expect(row.getByRole("link", { name: "OPS-7 at tracker.example" })).toHaveAttribute("rel", "noreferrer");

  await page.goto(`${server.url}/actions?show=overdue`);
  const listed = page.getByRole("region", { name: "Overdue" }).getByRole("article", { name: /Grease/ });
  await expect(listed.getByRole("link", { name: String(id) })).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
  await listed.getByRole("checkbox").click();
  await expect(listed).toHaveCount(0);
  await page.goto(`${server.url}/incidents/${String(id)}`);
  await expect(page.getByRole("region", { name: "Timeline" })).toContainText("Action item done: Grease the <b>rails</b> monthly");
});

test("search finds incidents, documents and commands with the line that matches", async ({ page, server }) => {
  await page.goto(server.url);
  await settled(page);
  await page.keyboard.press("Control+k");
  const box = page.getByPlaceholder("Search incidents, documents, commands");
  await expect(box).toBeFocused();
  await box.fill("pg_stat_activity");
  await expect(page.getByRole("button", { name: /^Commands: .*pg_stat_activity/ }).first()).toBeVisible();
  await expect(page.locator(".mantine-Spotlight-action").first()).toHaveAttribute("data-selected");
  await box.fill("pg_stat_activity xyzzyq");
  await expect(page.getByText("Nothing contains all these words.")).toBeVisible();
  await box.fill("connection pool exhausted");
  const document = page.getByRole("button", { name: /^Documents: .*pool/i }).first();
  await expect(document).toBeVisible();
  await document.click();
  await expect(page).toHaveURL(/\/memory\?kind=documents&open=/);
  await expect(page.locator("[data-cited]")).toBeVisible();
});

test("a page whose file is gone after an upgrade loads itself anew", async ({ page, server }) => {
  await page.goto(server.url);
  await settled(page);
  await page.route("**/assets/recurrences-*.js", (route) => route.fulfill({ status: 404 }), { times: 1 });
  await page.getByRole("link", { name: "Recurrences" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Recurrences" })).toBeVisible();
});

test("with the server away no page turns white, and each comes back by itself", async ({ page, server }) => {
  const { id } = await server.post("/api/v1/incidents", { title: "Still there without a server", service: "alone" });
  await page.goto(`${server.url}/incidents/${String(id)}`);
  await expect(page.getByTestId("verdict")).toBeVisible();
  await server.kill();
  await expect(page.getByRole("alert").filter({ hasText: "Disconnected" })).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Still there without a server");
  await page.getByRole("link", { name: "Trust" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "Waiting for the server" })).toBeVisible();
  await server.start();
  await expect(page.getByRole("heading", { level: 1, name: "Trust" })).toBeVisible();
  await page.context().setOffline(true);
  await expect(page.getByRole("alert").filter({ hasText: "This device is offline" })).toBeVisible();
  await page.context().setOffline(false);
  await expect(page.getByRole("alert").filter({ hasText: "offline" })).toHaveCount(0);
});

test.describe("as an installed app", () => {
  test.use({ serviceWorkers: "allow" });

  test("the console opens without the server, says so, and stores no answer of the API", async ({ page, server }) => {
    await page.goto(server.url);
    await settled(page);
    const manifest = await (await fetch(`${server.url}/static/manifest.webmanifest`)).json();
    for (const { src } of manifest.icons) expect((await fetch(`${server.url}${src}`)).ok, src).toBe(true);
    await page.evaluate(async () => { await navigator.serviceWorker.ready; });
    await page.reload();
    await settled(page);
    const stored = () => page.evaluate(async () => (await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname)))).flat());
    expect(await stored()).toContain("/");
    expect((await stored()).filter((path) => path !== "/" && !path.startsWith("/static/assets/"))).toEqual([]);
    await server.kill();
    await page.goto(`${server.url}/`);
    await expect(page.getByRole("heading", { level: 1, name: "Now" })).toBeVisible();
    await expect(page.getByRole("alert").filter({ hasText: "Disconnected" })).toBeVisible();
    await expect(page.getByRole("list", { name: "incidents" })).toHaveCount(0);
    await server.start();
    await expect(page.getByRole("status").filter({ hasText: "live" })).toBeVisible();
  });
});

test("an empty store leads to import or examples", async ({ page, own }) => {
  await page.goto(own.url);
  await expect(page.getByRole("heading", { name: "Memory is empty" })).toBeVisible();
  await expect(page.getByText("onrecall import --example")).toBeVisible();
  await page.getByRole("link", { name: "Import history…" }).click();
  await expect(page.locator("input[type=file]")).toBeAttached();
  await page.goto(`${own.url}/ask`);
  await expect(page.getByRole("heading", { name: "Memory is empty" })).toBeVisible();
});
