// Screenshots of every page, wide and at 375 px, light and dark: node shots.mjs URL FOLDER [page…]
import { chromium } from "@playwright/test";

const [url, folder, ...wanted] = process.argv.slice(2);
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGS });
const incidents = await (await fetch(`${url}/api/v1/incidents?limit=50`)).json();
const live = incidents.items.find((one) => one.status !== "resolved") ?? incidents.items[0];
const pages = {
  now: "/", incident: `/incidents/${live.id}`, ask: "/ask?q=auth%20service%20returning%20503%20errors%20users%20cant%20login",
  memory: "/memory", trust: "/trust", recurrences: "/recurrences", system: "/system",
};
for (const [name, path] of Object.entries(pages)) {
  if (wanted.length && !wanted.includes(name)) continue;
  for (const [size, width, height] of [["wide", 1280, 900], ["phone", 375, 812]]) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await browser.newPage({ viewport: { width, height }, colorScheme });
      page.on("console", (said) => said.type() === "error" && console.log(name, said.text()));
      page.on("pageerror", (error) => console.log(name, "page error", error.message));
      await page.goto(`${url}/#${path}`, { waitUntil: "networkidle" }).catch((error) => console.log(name, error.message));
      await page.waitForTimeout(700);
      await page.screenshot({ path: `${folder}/${name}-${size}-${colorScheme}.png` });
      await page.close();
    }
  }
}
await browser.close();
