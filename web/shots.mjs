// Pictures of every page, wide and at 375 px, light and dark, of a demo that this starts and ends: node shots.mjs FOLDER [page…]
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "@playwright/test";

const ONRECALL = process.env.ONRECALL ?? "../.venv/bin/onrecall";
const PUSH_KEY = randomBytes(32).toString("base64url"); // so that the page of notifications shows what it offers
const SIZES = [["wide", 1280, 900], ["phone", 375, 812]];
const ASKED = "auth service returning 503 errors, users can't log in";
const [folder, ...wanted] = process.argv.slice(2);
if (!folder) throw new Error("say where the pictures go: node shots.mjs FOLDER [page…]");

const data = mkdtempSync(join(tmpdir(), "onrecall-shots-"));
const port = await new Promise((done) => {
  const listener = createServer().listen(0, "127.0.0.1", () => {
    const free = listener.address().port;
    listener.close(() => done(free));
  });
});
const url = `http://127.0.0.1:${port}`;
const demo = spawn(ONRECALL, ["demo", "--fast", "--port", String(port)], { env: { ...process.env, ONRECALL_DATA_DIR: data, ONRECALL_WEB_PUSH_KEY: PUSH_KEY, ONRECALL_WEB_PUSH_CONTACT: "mailto:ops@example.com" }, stdio: ["ignore", "pipe", "inherit"] });
const over = new Promise((done, failed) => {
  let printed = "";
  demo.stdout.on("data", (part) => { printed += part; if (printed.includes("the scenario is finished")) done(); });
  demo.on("exit", () => failed(new Error("the demo ended before its scenario did")));
});
try {
  await over;
  await measured();
  await storm();
  await takeAll();
} finally {
  demo.removeAllListeners("exit");
  await new Promise((done) => demo.once("exit", done).kill());
  rmSync(data, { recursive: true, force: true });
}

async function post(path, body) {
  const answer = await fetch(`${url}${path}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Until the demo has measured trust, which it does in the background. */
async function measured() {
  for (let tries = 0; tries < 200; tries++) {
    if ((await post("/api/v1/ask", { text: ASKED })).confidence) return;
    await new Promise((done) => setTimeout(done, 3_000));
  }
  throw new Error("trust was not measured within ten minutes");
}

/** A deployment, and the alerts that follow it: what a pager would bring, answered with measured trust. */
async function storm() {
  const now = Date.now();
  await post("/v2/change/enqueue", {
    routing_key: "demo", payload: { summary: "checkout 4.12.0: a connection pool of its own for each pod", timestamp: new Date(now - 7 * 60_000).toISOString(), source: "ci", custom_details: { service: "checkout" } },
  });
  const alert = (alertname, n) => ({
    status: "firing", fingerprint: `${alertname}-${n}`, startsAt: new Date(now).toISOString(),
    labels: { alertname, service: "checkout", severity: "critical", namespace: "prod", pod: `checkout-${n}` },
    annotations: { summary: `${alertname} on checkout: remaining connection slots are reserved, too many clients already` },
  });
  await post("/api/v1/alerts/alertmanager", { version: "4", status: "firing", groupKey: "{}", alerts: [1, 2, 3].flatMap((n) => [alert("DatabaseConnectionsHigh", n), alert("HighErrorRate", n)]) });
  for (let tries = 0; tries < 60; tries++) {
    const { items } = await (await fetch(`${url}/api/v1/now?service=checkout`)).json();
    if (items.some((one) => one.alerts > 1 && one.answer)) return;
    await new Promise((done) => setTimeout(done, 1_000));
  }
  throw new Error("the alerts were not answered within a minute");
}

async function takeAll() {
  mkdirSync(folder, { recursive: true });
  const { items } = await (await fetch(`${url}/api/v1/now`)).json();
  const shown = items.find((one) => one.alerts > 1 && one.answer?.confidence) ?? items[0];
  const pages = {
    now: "/", incident: `/incidents/${shown.incident.id}`, resolved: "/incidents/INC-109", ask: `/ask?q=${encodeURIComponent(ASKED)}`,
    services: "/services", service: "/services/checkout", memory: "/memory", trust: "/trust", recurrences: "/recurrences", actions: "/actions", system: "/system",
    ...Object.fromEntries(["senders", "notifications", "keys", "deliveries", "usage", "audit", "export"].map((one) => [`system-${one}`, `/system/${one}`])),
  };
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
  for (const [size, width, height] of SIZES) {
    const page = await browser.newPage({ viewport: { width, height }, locale: "en-GB", timezoneId: "Europe/Berlin", reducedMotion: "reduce", isMobile: size === "phone", hasTouch: size === "phone" });
    await page.context().grantPermissions(["notifications"], { origin: url });
    const session = await page.context().newCDPSession(page);
    for (const [name, path] of Object.entries(pages)) {
      if (wanted.length && !wanted.includes(name)) continue;
      await page.goto(`${url}${path}`);
      await page.waitForLoadState("networkidle");
      await page.locator("[aria-busy=true]").first().waitFor({ state: "detached" });
      for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme });
        await page.locator(`html[data-mantine-color-scheme=${colorScheme}]`).waitFor();
        await page.waitForTimeout(200); // charts draw anew
        await take(session, join(folder, `${name}-${size}-${colorScheme}.webp`));
      }
    }
    await page.close();
  }
  await browser.close();
}

/** As WebP, which takes a third of what a PNG of the same does. */
async function take(session, file) {
  const { data: picture } = await session.send("Page.captureScreenshot", { format: "webp", quality: 80 });
  writeFileSync(file, Buffer.from(picture, "base64"));
}
