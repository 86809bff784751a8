import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { nowQuery } from "./now-query";
import { firstQuestions, pageFileAt } from "./page-files";

const HERE = "http://recall.example";

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal("location", new URL(HERE));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

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

test("an early answer that nobody takes is forgotten once it is old", async () => {
  vi.useFakeTimers();
  const fetched = vi.fn(async (address: string) => (address.endsWith("/lost") ? Promise.reject(new TypeError("no network")) : new Response("[]")));
  vi.stubGlobal("fetch", fetched);
  const { askEarly, takeEarly } = await import("./early-requests");
  for (const address of ["/api/v1/now", "/api/v1/lost"]) askEarly(address);
  await vi.advanceTimersByTimeAsync(9_000);
  askEarly("/api/v1/now"); // asked anew: the first one's end is not the second one's
  await vi.advanceTimersByTimeAsync(2_000);
  expect(takeEarly({ method: "GET", url: `${HERE}/api/v1/lost` })).toBeUndefined();
  const latest = fetched.mock.results[2]?.value;
  expect(takeEarly({ method: "GET", url: `${HERE}/api/v1/now` })).toBe(latest);
  askEarly("/api/v1/now");
  await vi.advanceTimersByTimeAsync(11_000);
  expect(takeEarly({ method: "GET", url: `${HERE}/api/v1/now` })).toBeUndefined();
});

test.each([
  ["/", "/api/v1/now?status=unresolved&"],
  ["/#top", "/api/v1/now?status=unresolved&"],
  ["/#/?status=resolved", "/api/v1/now?status=resolved&"],
  ["/#/nowhere", null],
  ["/?status=open#/nowhere", null],
])("at %s what is asked early is of the page that is shown", async (address, question) => {
  vi.stubGlobal("location", new URL(address, HERE));
  const fetched = vi.fn(async (_address: string) => new Response("{}"));
  vi.stubGlobal("fetch", fetched);
  await import("./early");
  expect(fetched.mock.calls.map(([first]) => first)).toEqual(question === null ? [] : [expect.stringContaining(question)]);
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
