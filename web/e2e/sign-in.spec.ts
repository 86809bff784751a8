// Signing in through an identity provider that others wrote, with a draft that outlives the session, and out again.
import { expect } from "@playwright/test";
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

import { errorsOf, test } from "./server";

const PYTHON = (process.env["ONRECALL"] ?? "../.venv/bin/onrecall").replace(/onrecall$/, "python");
const PROVIDER = `
import logging
from oidc_provider_mock import User, app
from werkzeug.serving import make_server
logging.disable()
people = [User(sub="ann", claims={"email": "ann@corp.example", "email_verified": True, "groups": ["sre"]}), User(sub="eve", claims={"groups": ["sales"]})]
server = make_server("localhost", 0, app(user_claims=people), threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
`;
let provider: ChildProcess;
let issuer = "";

test.beforeAll(async () => {
  provider = spawn(PYTHON, ["-W", "ignore", "-c", PROVIDER], { stdio: ["ignore", "pipe", "ignore"] });
  for await (const line of createInterface({ input: provider.stdout! })) {
    issuer = `http://localhost:${line}`;
    break;
  }
});
test.afterAll(() => void provider.kill());
errorsOf(test);

test("sign in from a deep link, again over a draft, and out; whoever has no role is told", async ({ page, context, own: server }) => {
  const note = await server.post("/api/v1/incidents", { title: "queue grows on mail-2" });
  await server.kill();
  await server.start({ ONRECALL_PUBLIC_URL: server.url, ONRECALL_OIDC_ISSUER: issuer, ONRECALL_OIDC_CLIENT_ID: "recall", ONRECALL_OIDC_CLIENT_SECRET: "anything", ONRECALL_OIDC_NAME: "Corp SSO", ONRECALL_OIDC_ROLES: "sre=admin" });
  const open = `${server.url}/incidents/${String(note["id"])}`;

  await page.goto(open);
  await page.getByRole("button", { name: "Sign in with Corp SSO" }).click();
  await page.getByRole("button", { name: "eve", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("None of your groups gives you a role here");
  await page.getByRole("button", { name: "Sign in with Corp SSO" }).click();
  await page.getByRole("button", { name: "ann", exact: true }).first().click();
  await page.waitForURL(open);
  const draft = page.getByRole("textbox", { name: /note/i }).first();
  await draft.fill("half a sentence");

  const token = (await context.cookies()).find(({ name }) => name === "onrecall-csrf")?.value ?? "";
  await context.request.delete(`${server.url}/api/v1/sessions`, { headers: { "X-CSRF-Token": token } });
  // Refused at once, it asks to sign in; where the page has noticed already, its dialog covers the button.
  await page.getByRole("button", { name: "Acknowledge" }).dispatchEvent("click");
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  const tab = context.waitForEvent("page");
  await dialog.getByRole("button", { name: "Sign in with Corp SSO" }).click();
  const apart = await tab;
  await apart.getByRole("button", { name: "ann", exact: true }).first().click();
  await expect(apart.getByRole("heading", { name: "You are signed in" })).toBeVisible();
  await expect(dialog).toBeHidden();
  await expect(draft).toHaveValue("half a sentence");
  await page.getByRole("button", { name: "Add note" }).click();
  await expect(page.getByRole("article", { name: "note by ann@corp.example" })).toContainText("half a sentence");

  await page.getByRole("button", { name: "signed in as ann@corp.example" }).click();
  await page.getByRole("menuitem", { name: "Sign out", exact: true }).click();
  await page.waitForURL(/end_session/);
  await page.goto(`${server.url}/ask`);
  await expect(page.getByRole("heading", { name: "Sign in to OnRecall" })).toBeVisible();
});
