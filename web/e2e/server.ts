// A real OnRecall over a copy of the example history, which a test may stop and start again.
import { expect, type Page, test as base } from "@playwright/test";
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ONRECALL = process.env["ONRECALL"] ?? "../.venv/bin/onrecall";
const EXAMPLE = process.env["ONRECALL_EXAMPLE_DATA"];

export class Server {
  private process: ChildProcess | undefined;

  constructor(readonly url: string, private readonly port: number, private readonly folder: string) {}

  async start(): Promise<void> {
    const env = { ...process.env, ONRECALL_DATA_DIR: this.folder, ONRECALL_SETTLE_SECONDS: "0.5", ONRECALL_RESOLVE_AFTER_SECONDS: "1" };
    this.process = spawn(ONRECALL, ["serve", "--port", String(this.port)], { env, stdio: "ignore" });
    for (let tries = 0; tries < 300; tries++) {
      const ready = await fetch(`${this.url}/readyz`).then((answer) => answer.ok, () => false);
      if (ready) return;
      await new Promise((done) => setTimeout(done, 200));
    }
    throw new Error("the server did not begin");
  }

  async kill(): Promise<void> {
    const process = this.process;
    this.process = undefined;
    if (!process || process.exitCode !== null) return;
    await new Promise((done) => process.once("exit", done).kill("SIGKILL"));
  }

  async post(path: string, body: unknown): Promise<Record<string, unknown>> {
    const answer = await fetch(`${this.url}${path}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  }
}

/** Until nothing on the page is on its way any more. */
export async function settled(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.locator("[aria-busy=true], .mantine-Loader-root")).toHaveCount(0);
}

async function freePort(): Promise<number> {
  return new Promise((done) => {
    const listener = createServer().listen(0, "127.0.0.1", () => {
      const { port } = listener.address() as { port: number };
      listener.close(() => done(port));
    });
  });
}

export const test = base.extend<object, { server: Server }>({
  server: [
    // The library wants a pattern here, though nothing is taken from it.
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const folder = mkdtempSync(join(tmpdir(), "onrecall-e2e-"));
      if (EXAMPLE) cpSync(EXAMPLE, folder, { recursive: true });
      const port = await freePort();
      const server = new Server(`http://127.0.0.1:${port}`, port, folder);
      await server.start();
      await use(server);
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
    { scope: "worker" },
  ],
});

export { expect, type Page };
