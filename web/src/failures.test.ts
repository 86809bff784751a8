import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, test } from "vitest";

import { ANYWAY_MS, hasFailed, unlessFailed } from "./failures";

test("a question that failed counts as failed while it is asked again, and no longer once it is answered", async () => {
  let settle: { resolve: (items: string[]) => void; reject: (error: Error) => void } | undefined;
  const queries = new QueryClient();
  const observer = new QueryObserver(queries, { queryKey: ["alerts"], queryFn: () => new Promise<string[]>((resolve, reject) => { settle = { resolve, reject }; }), retry: false });
  const stop = observer.subscribe(() => undefined);
  expect(hasFailed(observer.getCurrentResult())).toBe(false);

  settle?.reject(new Error("it broke"));
  await expect.poll(() => observer.getCurrentResult().status).toBe("error");
  expect(hasFailed(observer.getCurrentResult())).toBe(true);

  const again = observer.refetch();
  expect(observer.getCurrentResult()).toMatchObject({ status: "pending", error: null });
  expect(hasFailed(observer.getCurrentResult())).toBe(true);

  settle?.resolve([]);
  expect(hasFailed(await again)).toBe(false);
  stop();
  queries.clear();
});

test("rows of another filter are no answer", () => {
  expect(hasFailed({ data: ["old"], isPlaceholderData: true, errorUpdateCount: 1 })).toBe(true);
  expect(hasFailed({ data: ["old"], isPlaceholderData: true, errorUpdateCount: 0 })).toBe(false);
  expect(hasFailed({ data: ["new"], isPlaceholderData: false, errorUpdateCount: 1 })).toBe(false);
});

test("what failed is asked seldom", () => {
  expect(unlessFailed(3_000)({ state: { error: null } })).toBe(3_000);
  expect(unlessFailed(3_000)({ state: { error: new Error("it broke") } })).toBe(ANYWAY_MS);
  expect(unlessFailed(false)({ state: { error: null } }), "while the stream tells what is new").toBe(false);
  expect(unlessFailed(false)({ state: { error: new Error("it broke") } })).toBe(ANYWAY_MS);
  expect(unlessFailed(60_000)({ state: { error: new Error("it broke") } })).toBe(60_000);
});
