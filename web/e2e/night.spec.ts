// Woken at night, with a phone: what the first screen says in each state, and what it must never say.
import { errorsOf, expect, expectAboveFold, type Page, type Server, settled, test } from "./server";

errorsOf(test);
test.use({ viewport: { width: 375, height: 812 } });

const LOGIN = "auth service returning 503 errors, users can't log in";

const head = (page: Page) => ({ broke: page.getByRole("heading", { level: 1 }), since: page.getByText(/^(?:for|took) .*(?:since|from) /) });
const who = (page: Page) => ({ who: page.getByRole("button", { name: "Unassigned: assign" }) });
const trust = (page: Page) => ({ trust: page.getByTestId("trust") });

async function open(page: Page, server: Server, id: unknown): Promise<void> {
  await page.goto(`${server.url}/incidents/${String(id)}`);
  await settled(page);
}

const alert = (labels: Record<string, string>, summary: string) => ({ status: "firing", fingerprint: JSON.stringify(labels), startsAt: new Date(Date.now() - 120_000).toISOString(), labels, annotations: { summary } });
const fire = (server: Server, ...alerts: unknown[]) => server.post("/api/v1/alerts/alertmanager", { version: "4", status: "firing", groupKey: "{}", alerts });

test("seen before: what broke, who, the cause, how far to trust it, and the first command whole", async ({ page, server }) => {
  const opened = await server.post("/api/v1/incidents", { title: LOGIN, service: "auth-service", severity: "critical" });
  await open(page, server, opened["id"]);
  const first = page.getByRole("region", { name: "first safe step" });
  await expectAboveFold(page, { ...head(page), ...who(page), ...trust(page), likely: page.getByText("Likely cause", { exact: true }), command: first.locator("pre"), copy: first.getByRole("button", { name: "copy the command" }) });
});

test("never seen: one thing to do, and not to rely on the nearest record", async ({ page, own }) => {
  await own.post("/api/v1/incidents", { title: "Cart total is wrong after a voucher", service: "cart", severity: "low" });
  const opened = await own.post("/api/v1/incidents", { title: "Hydraulic pressure of rack segment 0x1F out of tolerance", service: "warehouse-plc", severity: "high" });
  await open(page, own, opened["id"]);
  const start = page.getByRole("region", { name: "what to go on" });
  await expectAboveFold(page, { ...head(page), ...who(page), ...trust(page), first: start.getByText("Assign it to somebody who knows warehouse-plc") });
});

test("a storm names its services, and what all its alerts share", async ({ page, own }) => {
  const services = ["cart", "search", "ledger", "feed", "auth", "profile"];
  await fire(own, ...services.map((service) => alert({ alertname: "TargetDown", service, severity: "critical", rack: "r17", switch: "sw-r17" }, `${service} in rack r17: switch sw-r17 unreachable, no route to host`)));
  await open(page, own, await own.answered("status=unresolved"));
  await expectAboveFold(page, { ...head(page), ...who(page), services: page.getByText(/^Affects .*and 2 more$/), first: page.getByText(/^Check what all 6 alerts share: .*r17/), ...trust(page) });
});

test("where only a sender suggested something, that comes first, with the word not to rely on it", async ({ page, own }) => {
  const incident = { id: "PGR0", type: "incident", html_url: "https://acme.pagerduty.com/incidents/PGR0", number: 2, title: "vpn-gw: IKE_SA rekey fails, 412 tunnels down", service: { id: "P9", summary: "vpn-gw" }, urgency: "high", created_at: new Date(Date.now() - 3_600_000).toISOString() };
  const send = (type: string, data: unknown, n: number) => own.post("/api/v1/alerts/pagerduty", { event: { id: `e${n}`, event_type: type, occurred_at: new Date(Date.now() - 3_600_000 + n * 60_000).toISOString(), agent: { id: "P1", summary: "Ann Lee" }, data } });
  await send("incident.triggered", { ...incident, status: "triggered" }, 0);
  await own.answered("status=unresolved");
  await send("incident.annotated", { incident: { id: "PGR0", summary: incident.title, type: "incident_reference", html_url: incident.html_url }, id: "n1", type: "incident_note", content: "Root cause: clock skew on vpn-2, chrony was stopped. Fixed by restarting chronyd." }, 5);
  await send("incident.resolved", { ...incident, status: "resolved" }, 9);
  await expect.poll(async () => ((await (await fetch(`${own.url}/api/v1/now?status=unresolved`)).json()) as { items: unknown[] }).items.length, { timeout: 60_000 }).toBe(0);
  await expect.poll(async () => ((await (await fetch(`${own.url}/api/v1/suggestions`)).json()) as { items: unknown[] }).items.length, { timeout: 60_000 }).toBe(1);
  await fire(own, alert({ alertname: "VpnRekeyFailed", service: "vpn-gw", severity: "critical" }, "vpn-gw: IKE_SA rekey fails, 390 tunnels down"));
  await open(page, own, await own.answered("status=unresolved"));
  const start = page.getByRole("region", { name: "first thing to do" });
  await expectAboveFold(page, { ...head(page), ...who(page), ...trust(page), first: start.getByText("Check what pagerduty: Ann Lee suggested before you act on it"), quote: start.getByText("chrony was stopped"), caution: start.getByText(/^Do not rely on it yet/) });
});

test("an ended incident says who stands for how it ended, and its code is shown as code", async ({ page, server }) => {
  const opened = await server.post("/api/v1/incidents", { title: "pgbouncer: **61** clients wait on `billing_rw`", service: "billing", severity: "critical" });
  await server.post(`/api/v1/incidents/${String(opened["id"])}/resolution`, {
    root_cause: "`invoice-rollup` held **every** connection of `billing_rw`", steps: [{ text: "Suspend the job: `kubectl patch cronjob invoice-rollup`", command: "kubectl patch cronjob invoice-rollup", outcome: "worked" }],
  });
  await open(page, server, opened["id"]);
  const ended = page.getByRole("region", { name: "How it ended" });
  await expectAboveFold(page, { ...head(page), trust: page.getByTestId("resolution-trust"), command: ended.locator("pre") });
  await expect(page.getByTestId("resolution-trust")).toContainText("Trust: a person recorded it in their own words");
  await expect(ended.getByText("Suspend the job", { exact: true })).toBeVisible();
  await expect(ended.locator("code").filter({ hasText: "invoice-rollup" })).toHaveCount(1);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("pgbouncer: 61 clients wait on billing_rw");
  expect(await ended.innerText()).not.toContain("`");
});

test("the pages that are not at hand are behind More, by touch and by keyboard", async ({ page, server }) => {
  await page.goto(`${server.url}/`);
  const pages = page.getByRole("navigation", { name: "pages" });
  const more = pages.getByRole("button", { name: "More" });
  await more.click();
  await pages.getByRole("link", { name: "Actions" }).click();
  await expect(page.getByRole("heading", { name: "Action items" })).toBeVisible();
  await expect(pages.getByRole("link", { name: "Trust" })).toBeHidden();
  await expect(more).toHaveAttribute("aria-current", "true");
  await more.focus();
  await page.keyboard.press("Enter");
  await expect(pages.getByRole("link", { name: "Trust" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(pages.getByRole("link", { name: "Trust" })).toBeHidden();
  await expect(more).toBeFocused();
});

test("in a browser without popovers the pages at the bottom work all the same", async ({ page, own }) => {
  await page.addInitScript(() => Reflect.deleteProperty(HTMLElement.prototype, "hidePopover"));
  await page.goto(`${own.url}/`);
  await page.getByRole("navigation", { name: "pages" }).getByRole("link", { name: "Ask" }).click();
  await expect(page).toHaveURL(/\/ask$/);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
});

test("what failed to load is not told as nothing on record", async ({ page, own }) => {
  const opened = await own.post("/api/v1/incidents", { title: "Hydraulic pressure of rack segment 0x1F out of tolerance", service: "warehouse-plc" });
  const broken = ["/api/v1/documents", "/api/v1/changes", `/api/v1/incidents/${String(opened["id"])}/notes`, `/api/v1/incidents/${String(opened["id"])}/alerts`];
  await page.route((url) => broken.includes(url.pathname), (route) => route.fulfill({ status: 500, json: { title: "It broke", detail: "", status: 500 } }));
  await open(page, own, opened["id"]);
  for (const what of ["Its runbooks", "Its changes", "The notes", "The alerts"]) await expect(page.getByText(`${what} could not be loaded.`)).toBeVisible();
  await expect(page.getByText("On record for warehouse-plc: no earlier incident.")).toBeVisible();
  await expect(page.getByText("Its runbooks could not be loaded: try again below.")).toBeVisible();
  await page.unrouteAll();
  await page.getByRole("alert").filter({ hasText: "Its runbooks" }).getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("Its runbooks could not be loaded.")).toBeHidden();
});

test("what failed stays on the screen, and under the finger, while it is asked again", async ({ page, server }) => {
  const opened = await server.post("/api/v1/incidents", { title: LOGIN, service: "auth-service" });
  let come = () => {};
  const gate = new Promise<void>((done) => { come = done; });
  let requests = 0;
  await page.route("**/notes", async (route) => {
    requests += 1;
    if (requests <= 3) return route.fulfill({ status: 500, json: { title: "It broke", detail: "", status: 500 } });
    await gate;
    return route.continue();
  });
  await page.goto(`${server.url}/incidents/${String(opened["id"])}`);
  const failed = page.getByRole("alert").filter({ hasText: "The notes could not be loaded." });
  const again = failed.getByRole("button", { name: "Try again" });
  await again.focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => requests).toBeGreaterThan(3);
  await expect(again).toBeFocused();
  come();
  await expect(failed).toBeHidden();
});

test("an answer that cannot be loaded is an error with another try, not an endless wait", async ({ page, server }) => {
  const opened = await server.post("/api/v1/incidents", { title: LOGIN, service: "auth-service" });
  await page.route("**/recommendation", (route) => route.fulfill({ status: 500, json: { title: "It broke", detail: "The database does not answer.", status: 500 } }));
  await page.goto(`${server.url}/incidents/${String(opened["id"])}`);
  await expect(page.getByRole("alert").filter({ hasText: "It broke" })).toBeVisible();
  await page.unrouteAll();
  await expect(page.getByTestId("verdict")).toBeVisible();
});

test("who may only read is offered nothing that the server would refuse", async ({ page, server }) => {
  const opened = await server.post("/api/v1/incidents", { title: LOGIN, service: "auth-service" });
  await page.route("**/api/v1/me", (route) => route.fulfill({ json: { name: "wall", role: "viewer", key: null, locked: true, session: null, team: null } }));
  await open(page, server, opened["id"]);
  await expect(page.getByText("Your role is viewer: you can read this incident, not change it.")).toBeVisible();
  await expect(page.getByText("Unassigned", { exact: true })).toBeVisible();
  await expect(page.getByRole("button", { name: /^(?:Acknowledge|Resolve|Merge|This fixed it|It helped|As it was then|Unassigned|edit title)/ })).toHaveCount(0);
});

test("with text twice as large nothing is cut off and nothing scrolls sideways", async ({ page, server }) => {
  await server.post("/api/v1/incidents", { title: LOGIN, service: "auth-service", severity: "critical" });
  await page.goto(`${server.url}/`);
  await settled(page);
  await page.evaluate(() => document.documentElement.style.setProperty("font-size", "200%"));
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
  const cut = await page.locator("[role=listitem] .onrecall-card").evaluateAll((cards) => cards.filter((card) => card.scrollHeight > card.clientHeight + 1).length);
  expect(cut).toBe(0);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))); // rows are measured anew
  const rows = await page.locator("[role=listitem].onrecall-long").evaluateAll((items) => items.map((item) => item.getBoundingClientRect()).map(({ top, bottom }) => ({ top, bottom })));
  for (const [n, row] of rows.slice(1).entries()) expect(row.top).toBeGreaterThanOrEqual((rows[n]?.bottom ?? 0) - 1);
});
