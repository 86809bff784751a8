import AxeBuilder from "@axe-core/playwright";

import { errorsOf, expect, expectAboveFold, type Page, settled, test } from "./server";

const PAGES = ["/", "/?group=service", "/services", "/services/checkout", "/ask", "/memory", "/memory?kind=documents", "/trust", "/recurrences", "/actions", "/sign-in", "/system", ...["senders", "keys", "sessions", "deliveries", "usage", "audit", "export"].map((section) => `/system/${section}`)];
const WIDE = { width: 1280, height: 900 };
const LOGIN = "auth service returning 503 errors, users can't log in";

/** What sticks out at the right, if the page can be scrolled sideways. */
function tooWide(): string[] {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const out = [...document.querySelectorAll("body *")].filter((element) => element.getBoundingClientRect().right > clientWidth + 1);
  return out.slice(-3).map((element) => `${element.tagName} ${element.className}: ${element.textContent?.slice(0, 80)}`);
}

errorsOf(test);

async function ask(page: Page, url: string, text: string): Promise<void> {
  await page.goto(`${url}/ask`);
  await page.getByLabel("What's happening?").fill(text);
  await page.getByRole("button", { name: "Ask memory" }).click();
}

test("a question is answered with evidence and cited steps, and nothing is written", async ({ page, server }) => {
  const before = await (await fetch(`${server.url}/api/v1/status`)).json();
  await ask(page, server.url, LOGIN);
  await expect(page.getByTestId("verdict")).toHaveText(/Seen before|Similar incident/i);
  const first = page.getByRole("region", { name: "first safe step" });
  await expect(first).toContainText("read-only");
  await first.getByRole("button", { name: /, line \d+/ }).click();
  const drawer = page.getByRole("dialog");
  await expect(drawer.locator("[data-cited]")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("region", { name: "What it rests on" }).getByRole("article").first()).toContainText("How it ended");
  expect((await (await fetch(`${server.url}/api/v1/status`)).json()).counts).toEqual(before.counts);
});

test("what nobody has seen is said so, without a step", async ({ page, server }) => {
  await ask(page, server.url, "the coffee machine on the third floor serves tea");
  await expect(page.getByTestId("verdict")).toHaveText(/Never seen this/i);
  await expect(page.getByRole("region", { name: "first safe step" })).toHaveCount(0);
  await expect(page.getByText(/^All \d+ steps$/)).toHaveCount(0);
});

test("an alert comes in without a reload, is resolved, and is known when it comes again", async ({ page, server }) => {
  const alert = (id: string) => ({
    id, title: "Glacier sensor array lost calibration", description: "drift of 14 microkelvin on cryostat seven; helium valve oscillates",
    service: "cryostat", severity: "high",
  });
  await page.goto(`${server.url}/`);
  await expect(page.getByRole("heading", { name: "Now" })).toBeVisible();
  await server.post("/api/v1/alerts/generic", alert("calibration-1"));
  const row = page.getByRole("listitem").filter({ hasText: "Glacier sensor array" });
  await expect(row).toBeVisible();
  await expect(row).toContainText(/Never seen this/i);
  await row.click();
  await expect(page.getByTestId("verdict")).toHaveText(/Never seen this/i);

  await page.getByRole("button", { name: "Resolve…" }).click();
  await page.getByLabel("What was the cause?").fill("The helium valve's controller had lost its tuning after a firmware update");
  await page.getByLabel("Cause label").fill("helium-valve-tuning-lost");
  await page.getByRole("button", { name: "Add a step" }).click();
  await page.getByLabel("step 1", { exact: true }).fill("Loaded the saved tuning of the valve controller");
  await page.getByLabel("command of step 1").fill("valvectl tuning load saved");
  await page.getByRole("form", { name: "resolve" }).getByRole("button", { name: "Resolve" }).click();
  await expect(page.getByRole("region", { name: "How it ended" })).toContainText("lost its tuning");

  await server.post("/api/v1/incidents", { title: "Glacier sensor array lost calibration again", description: "drift of 12 microkelvin, helium valve oscillates", service: "cryostat" });
  await page.goto(`${server.url}/`);
  const again = page.getByRole("listitem").filter({ hasText: "again" });
  await again.click();
  await expect(page.getByTestId("verdict")).toHaveText(/Seen before|Similar incident/i);
  await expect(page.getByText("Load the saved tuning").first()).toBeVisible();
  await expect(page.getByTestId("trust")).toHaveText(/right \d+ of \d+ times|not measured yet/i);
});

test("files are looked at before they are kept", async ({ page, server }) => {
  await page.goto(`${server.url}/memory`);
  await page.getByRole("button", { name: "Import…" }).click();
  const line = JSON.stringify({ id: "E2E-1", title: "Import walked by a browser", started_at: "2026-01-05T03:12:00Z", service: "walker" });
  await page.locator("input[type=file]").setInputFiles({ name: "old.jsonl", mimeType: "application/x-ndjson", buffer: Buffer.from(`${line}\n{"title": 5}\n`) });
  await expect(page.getByRole("article", { name: "old.jsonl" })).toContainText("1 new or changed");
  expect((await fetch(`${server.url}/api/v1/incidents/E2E-1`)).status).toBe(404);
  await page.getByRole("button", { name: "Import it" }).click();
  await expect.poll(async () => (await fetch(`${server.url}/api/v1/incidents/E2E-1`)).status).toBe(200);
});

test("trust and recurrences say what was measured", async ({ page, server }) => {
  await page.goto(`${server.url}/trust`);
  await expect(page.getByText(/not measured yet|Right about the cause/i).first()).toBeVisible();
  await page.goto(`${server.url}/recurrences`);
  await expect(page.getByRole("article").first()).toContainText(/times/);
});

test("now is sorted by its heads, grouped by service, and says what was not made an incident", async ({ page, server }) => {
  for (const [service, severity] of [["zebra", "low"], ["zebra", "critical"], ["aardvark", "high"]]) await server.post("/api/v1/incidents", { title: `Stripes fade on ${service}`, service, severity });
  await server.post("/api/v1/alerts/alertmanager", { version: "4", status: "firing", alerts: [{ status: "firing", fingerprint: "w", startsAt: new Date().toISOString(), labels: { alertname: "Watchdog", severity: "none" }, annotations: { summary: "An alert that always fires" } }] });
  let come = () => {};
  const gate = new Promise<void>((done) => { come = done; });
  await page.route("**/assets/rest-*.css", async (route) => { await gate; await route.continue(); });
  await page.goto(`${server.url}/?q=stripes`, { waitUntil: "commit" });
  const arrows = () => page.locator("[data-combobox-chevron]").evaluateAll((all) => all.map((arrow) => arrow.getBoundingClientRect().width));
  await expect.poll(arrows, "the arrows have their size before the rest of the styles has come").toEqual([18, 18]);
  await page.setViewportSize({ width: 375, height: 667 });
  await expect.poll(arrows).toContain(14);
  await page.setViewportSize(WIDE);
  come();
  const rows = page.getByRole("list", { name: "incidents" }).getByRole("listitem");
  await page.getByRole("button", { name: "sort by severity, most severe first" }).click();
  await expect(rows).toHaveText([/critical.*zebra/i, /high.*aardvark/i, /low.*zebra/i]);
  await page.getByRole("button", { name: "sort by severity, now most severe first" }).click();
  await expect(page).toHaveURL(/sort=severity&order=asc/);
  await expect(rows.first()).toContainText(/low/i);
  await page.getByRole("button", { name: "group by service" }).click();
  await expect(rows).toHaveText([/^aardvark1 incident/, /high/i, /^zebra2 incidents/, /zebra/, /zebra/]);
  await page.reload();
  await expect(rows).toHaveCount(5);
  await page.getByRole("button", { name: "What did not become an incident, and why" }).click();
  await expect(page.getByRole("region", { name: "no incidents" })).toContainText("Watchdog");
  await page.setViewportSize({ width: 375, height: 667 });
  await expect(rows.nth(1)).toContainText("Stripes fade on aardvark");
  await rows.nth(1).getByRole("link", { name: "aardvark", exact: true }).click();
  await expect(page).toHaveURL(/\/services\/aardvark$/);
});

test("whoever types fast into a filter loses no letter, and clearing the filters empties the field", async ({ page, server }) => {
  await page.goto(`${server.url}/`);
  await settled(page);
  const words = page.getByRole("textbox", { name: "words" });
  await words.click();
  await page.keyboard.type("zzyzx checkout latency"); // all at once, faster than any address is written
  await expect(page).toHaveURL(/[?&]q=zzyzx\+checkout\+latency/);
  await expect(words).toHaveValue("zzyzx checkout latency");
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(words).toHaveValue("");
});

test("two filters typed without a pause between them both stand in the address", async ({ page, server }) => {
  await page.goto(`${server.url}/`);
  await settled(page);
  await page.getByRole("textbox", { name: "service" }).click();
  await page.keyboard.type("checkout");
  await page.keyboard.press("Tab");
  await page.keyboard.type("zzyzx"); // before the first field has written its address
  await expect(page).toHaveURL(/[?&]q=zzyzx/);
  await expect(page).toHaveURL(/[?&]service=checkout/);
  await expect(page.getByRole("textbox", { name: "service" })).toHaveValue("checkout");
});

test("filters cleared while somebody types stay cleared", async ({ page, server }) => {
  await page.clock.install();
  await page.goto(`${server.url}/?q=zzyzx`);
  await settled(page);
  const words = page.getByRole("textbox", { name: "words" });
  await expect(page.getByRole("button", { name: "Clear filters" })).toBeVisible();
  await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 1_000);
  await words.evaluate((field: HTMLInputElement) => {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(field, "zzyzxy");
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    [...document.querySelectorAll("button")].find((button) => button.textContent === "Clear filters")?.click(); // before the field has written its address
  });
  await expect(words).toHaveValue("");
  await page.clock.runFor(1_000); // longer than a field waits
  await expect(page).not.toHaveURL(/q=/);
  await expect(words).toHaveValue("");
});

test("the keyboard is enough", async ({ page, server }) => {
  await server.post("/api/v1/incidents", { title: "Opened for the keyboard", service: "keys" });
  await page.goto(`${server.url}/`);
  await expect(page.getByRole("listitem").filter({ hasText: "Opened for the keyboard" })).toBeVisible();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/incidents\//);
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await expect(page).toHaveURL(/\/trust/);
  await page.keyboard.press("/");
  await expect(page.getByPlaceholder("Search incidents, documents, commands")).toBeFocused();
  await page.keyboard.type("certificate nobody renewed on the moon");
  await expect(page.getByRole("button", { name: /^Ask memory: / })).toHaveAttribute("data-selected");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/ask\?q=certificate/);
  await expect(page.getByTestId("verdict")).toBeVisible();
  await page.getByRole("heading", { name: "Ask" }).click();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard" })).toBeVisible();
});

test("at 375 px the first safe step with its copy button is above the fold", async ({ page, server }) => {
  await page.setViewportSize({ width: 375, height: 667 });
  const opened = await server.post("/api/v1/incidents", { title: LOGIN, service: "auth-service", severity: "critical" });
  await page.goto(`${server.url}/incidents/${opened["id"]}`);
  await settled(page);
  expect(await page.evaluate(tooWide)).toEqual([]);
  const first = page.getByRole("region", { name: "first safe step" });
  await expectAboveFold(page, { verdict: page.getByTestId("verdict"), cause: page.getByRole("heading", { level: 2 }).first(), trust: page.getByTestId("trust"), command: first.locator("pre"), copy: first.getByRole("button", { name: "copy the command" }) });
});

test("when the server goes and comes back, the page says so and goes on", async ({ page, server }) => {
  await page.goto(`${server.url}/`);
  await expect(page.getByRole("status").filter({ hasText: "live" })).toBeVisible();
  await server.kill();
  await expect(page.getByRole("status").filter({ hasText: "reconnecting" })).toBeVisible();
  await expect(page.getByRole("alert").filter({ hasText: "Disconnected, reconnecting" })).toContainText("What you see is as of");
  await server.start();
  await expect(page.getByRole("status").filter({ hasText: "live" })).toBeVisible();
  await server.post("/api/v1/incidents", { title: "Opened after the restart", service: "phoenix" });
  await expect(page.getByText("Opened after the restart")).toBeVisible();
});

test("a hostile title is only text", async ({ page, server }) => {
  const title = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script> [click](javascript:alert(1)) \u202Eevil`;
  const opened = await server.post("/api/v1/incidents", { title, description: `<b>bold</b> ${"long".repeat(200)}`, service: "<svg onload=alert(1)>" });
  for (const path of ["/", `/incidents/${opened["id"]}`, "/memory", `/services/${encodeURIComponent("<svg onload=alert(1)>")}`]) {
    await page.goto(`${server.url}${path}`);
    await expect(page.getByText("onerror", { exact: false }).first()).toBeVisible();
    expect(await page.locator("img[src=x], main script, main b").count()).toBe(0);
    expect(await page.title()).toMatch(/OnRecall$/);
    expect(await page.locator("#root").textContent(), "nothing turns the order of letters around").not.toContain("\u202E");
  }
});

test("a service's name that is longer than the screen moves nothing aside", async ({ page, server }) => {
  const opened = await server.post("/api/v1/incidents", { title: "Name of a service without a space", service: "y".repeat(190) });
  for (const width of [375, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    await page.goto(`${server.url}/incidents/${String(opened["id"])}`);
    await settled(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  }
});

test("a page that is long on its way says so in words", async ({ page, server }) => {
  await page.clock.install();
  let come = () => {};
  const gate = new Promise<void>((done) => { come = done; });
  await page.route("**/api/v1/services?*", async (route) => { await gate; await route.continue(); });
  await page.route("**/api/v1/services", async (route) => { await gate; await route.continue(); });
  await page.goto(`${server.url}/services`);
  await expect(page.locator("[aria-busy=true]").first()).toBeVisible();
  await page.clock.runFor(5_000);
  await expect(page.getByText("Still loading: the server takes longer than usual to answer.")).toBeVisible();
  come();
  await page.clock.runFor(1_000);
  await expect(page.getByText("Still loading")).toHaveCount(0);
});

for (const path of [...PAGES, "/incidents/INC-109", `/ask?q=${encodeURIComponent(LOGIN)}`]) {
  test(`at 375 px nothing is wider than the screen, and axe finds nothing serious on ${path}, light or dark`, async ({ page, server }) => {
    await page.setViewportSize({ width: 375, height: 667 });
    await page.goto(`${server.url}${path}`);
    if (path.startsWith("/ask?")) await expect(page.getByTestId("verdict")).toBeVisible();
    await settled(page);
    expect(await page.evaluate(tooWide)).toEqual([]);
    await page.setViewportSize(WIDE);
    await settled(page);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await expect(page.locator(`html[data-mantine-color-scheme=${colorScheme}]`)).toBeAttached();
      // Colours glide from one scheme into the other; on the way they are neither.
      await page.evaluate(() => Promise.allSettled(document.getAnimations().filter((animation) => animation instanceof CSSTransition).map((animation) => animation.finished)));
      // The old way needs no second page to put the results of frames together; there are no frames.
      expect(page.frames().length).toBe(1);
      const report = await new AxeBuilder({ page }).options({ resultTypes: ["violations"] }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]).setLegacyMode(true).analyze();
      const serious = report.violations.filter((violation) => violation.impact === "serious" || violation.impact === "critical");
      expect(serious.map((violation) => `${colorScheme}: ${violation.id}: ${violation.nodes[0]?.html}`)).toEqual([]);
    }
  });
}
