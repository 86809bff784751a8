import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { nowQuery } from "./now-query";
import { firstQuestions, pageFileAt } from "./page-files";

const HERE = "http://recall.example";

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal("location", new URL(HERE));
});
afterEach(() => vi.unstubAllGlobals());

test("an early answer is handed out once, however its question is spelt", async () => {
  const answer = new Response("[]");
  const fetched = vi.fn(async () => answer);
  vi.stubGlobal("fetch", fetched);
  const { askEarly, takeEarly } = await import("./early-requests");
  askEarly("/api/v1/now?q=disk+full&limit=9");
  expect(takeEarly({ method: "POST", url: `${HERE}/api/v1/now?q=disk+full&limit=9` })).toBeUndefined();
  expect(takeEarly({ method: "GET", url: `${HERE}/api/v1/now?limit=8&q=disk+full` })).toBeUndefined();
  expect(await takeEarly({ method: "GET", url: `${HERE}/api/v1/now?limit=9&q=disk%20full` })).toBe(answer);
  expect(takeEarly({ method: "GET", url: `${HERE}/api/v1/now?limit=9&q=disk%20full` })).toBeUndefined();
  expect(fetched).toHaveBeenCalledOnce();
});

test("Now's early question is the one that the page asks", async () => {
  const search = "?severity=high&q=disk full&sort=service";
  const [early = ""] = firstQuestions("/", search);
  const { default: createClient } = await import("openapi-fetch");
  let requested = "";
  const client = createClient<Record<string, never>>({ baseUrl: HERE, fetch: async (request: Request) => {
    requested = request.url;
    return Response.json({});
  } }) as unknown as { GET: (path: string, options: object) => Promise<unknown> };
  await client.GET("/api/v1/now", { params: { query: nowQuery(new URLSearchParams(search)) } });
  vi.stubGlobal("fetch", vi.fn(async () => new Response("{}")));
  const { askEarly, takeEarly } = await import("./early-requests");
  askEarly(early);
  expect(takeEarly({ method: "GET", url: requested })).toBeDefined();
});

test("a page's first questions and its file follow from its path", () => {
  expect(firstQuestions("/incidents/team%2F7", "")).toEqual(["/api/v1/incidents/team%2F7", "/api/v1/incidents/team%2F7/recommendation"]);
  expect(firstQuestions("/incidents/", "")).toEqual([]);
  expect(firstQuestions("/system/keys", "")).toEqual([]);
  expect(pageFileAt("/")).toBeUndefined();
  expect(pageFileAt("/nowhere")).toBeUndefined();
  expect(pageFileAt("/system/keys")).toBeTypeOf("function");
});
