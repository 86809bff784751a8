// A real OnRecall over a copy of the example history, which a test may stop and start again.
import { expect, type Locator, type Page, test as base } from "@playwright/test";
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ONRECALL = process.env["ONRECALL"] ?? "../.venv/bin/onrecall";
const EXAMPLE = process.env["ONRECALL_EXAMPLE_DATA"];
const WARM = process.env["WARM_PROCESSES"];

interface Running {
  /** End it at once, as when the machine dies, and wait until it has ended. */
  kill(): Promise<void>;
}

function begun(args: string[], env: NodeJS.ProcessEnv): Running {
  const child: ChildProcess = spawn(ONRECALL, args, { env, stdio: "ignore" });
  return { kill: async () => void (child.exitCode === null && (await new Promise((done) => child.once("exit", done).kill("SIGKILL")))) };
}

/** The same, forked from a process that has loaded OnRecall already (tests/warm_processes.py). */
function forked(address: string, args: string[], environment: NodeJS.ProcessEnv): Running {
  const connection = connect(address);
  let pid: number | undefined, dead: number | undefined;
  let wake = (): void => {};
  createInterface(connection).on("line", (line) => {
    ({ pid = pid, code: dead = dead } = JSON.parse(line) as { pid?: number; code?: number });
    wake();
  });
  connection.write(`${JSON.stringify({ arguments: ["-m", "onrecall", ...args], environment, folder: process.cwd() })}\n`);
  const until = async (arrived: () => boolean): Promise<void> => {
    while (!arrived()) await new Promise<void>((done) => (wake = done));
  };
  return {
    kill: async () => {
      await until(() => pid !== undefined);
      if (pid !== undefined && dead === undefined) process.kill(pid, "SIGKILL");
      await until(() => dead !== undefined);
      connection.destroy();
    },
  };
}

export class Server {
  private process: Running | undefined;

  constructor(readonly url: string, private readonly port: number, private readonly folder: string) {}

  /** Begin, with more settings if need be. */
  async start(more: Record<string, string> = {}): Promise<void> {
    const env = { ...process.env, ONRECALL_DATA_DIR: this.folder, ONRECALL_GROUP_WAIT_SECONDS: "0.5", ONRECALL_RESOLVE_TIMEOUT_SECONDS: "1", ONRECALL_WORKER: "thread", ...more };
    const args = ["serve", "--port", String(this.port)];
    this.process = WARM ? forked(WARM, args, env) : begun(args, env);
    for (let tries = 0; tries < 1200; tries++) {
      const ready = await fetch(`${this.url}/readyz`).then((answer) => answer.ok, () => false);
      if (ready) return;
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error("the server did not begin");
  }

  async kill(): Promise<void> {
    const { process } = this;
    this.process = undefined;
    await process?.kill();
  }

  async post(path: string, body: unknown): Promise<Record<string, unknown>> {
    const answer = await fetch(`${this.url}${path}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  }

  /** The id of the first incident of Now, filtered by a query, that has an answer, once there is one. */
  async answered(query: string): Promise<string> {
    let id = "";
    await expect.poll(async () => {
      const { items } = (await (await fetch(`${this.url}/api/v1/now?${query}`)).json()) as { items: { incident: { id: string }; answer: unknown }[] };
      id = items.find((row) => row.answer)?.incident.id ?? "";
      return id;
    }, { timeout: 60_000 }).not.toBe("");
    return id;
  }
}

/** Until nothing on the page is on its way any more. */
export async function settled(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.locator("[aria-busy=true], .mantine-Loader-root")).toHaveCount(0);
}

const TABS = 58; // pixels of the pages at the bottom of a phone

/** What must be seen on a phone without scrolling, whole. */
export async function expectAboveFold(page: Page, parts: Record<string, Locator>): Promise<void> {
  const fold = (page.viewportSize()?.height ?? 0) - TABS;
  for (const [name, part] of Object.entries(parts)) {
    await expect(part, name).toBeVisible();
    const box = await part.boundingBox();
    expect((box?.y ?? fold) + (box?.height ?? 0), name).toBeLessThanOrEqual(fold);
  }
}

async function freePort(): Promise<number> {
  return new Promise((done) => {
    const listener = createServer().listen(0, "127.0.0.1", () => {
      const { port } = listener.address() as { port: number };
      listener.close(() => done(port));
    });
  });
}

async function served(example: string | undefined, use: (server: Server) => Promise<void>, begin = true): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "onrecall-e2e-"));
  if (example) cpSync(example, folder, { recursive: true });
  const port = await freePort();
  const server = new Server(`http://127.0.0.1:${port}`, port, folder);
  if (begin) await server.start();
  await use(server);
  await server.kill();
  rmSync(folder, { recursive: true, force: true });
}

/** `server` remembers the example history and is shared by all; `own` is empty, and one test's alone; `idle` is that and waits to be started. */
export const test = base.extend<{ own: Server; idle: Server }, { server: Server }>({
  // The library wants patterns here, though nothing is taken from them.
  // oxlint-disable-next-line no-empty-pattern
  server: [async ({}, use) => served(EXAMPLE, use), { scope: "worker" }],
  // oxlint-disable-next-line no-empty-pattern
  own: async ({}, use) => served(undefined, use),
  // oxlint-disable-next-line no-empty-pattern
  idle: async ({}, use) => served(undefined, use, false),
});

/** What pages complain of: after each test there must be nothing. */
export function errorsOf(these: typeof test): readonly string[] {
  const errors: string[] = [];
  these.beforeEach(({ page }) => {
    errors.length = 0;
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && /Content Security Policy|Uncaught/.test(message.text())) errors.push(message.text());
    });
  });
  these.afterEach(() => expect(errors).toEqual([]));
  return errors;
}

export { expect, type Page };
