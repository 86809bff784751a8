import { QueryCache, QueryClient, QueryObserver } from "@tanstack/react-query";
import { describe, expect, it, vi } from "vitest";

import { asker, touched } from "./live-updates";

describe("a hint has questions for again", () => {
  const ids = new Set(["INC-1"]);
  it("what is shown of its incident, and the list", () => {
    for (const name of ["incident", "answer", "alerts", "notes", "timeline"]) expect(touched([name, "INC-1"], ids, false)).toBe(true);
    expect(touched(["incidents", "status=open"], ids, false)).toBe(true);
  });
  it("nothing of others", () => {
    expect(touched(["incident", "INC-2"], ids, false)).toBe(false);
    expect(touched(["trust"], ids, false)).toBe(false);
  });
  it("what any incident may change", () => {
    for (const name of ["together", "suggestions"]) expect(touched([name, "INC-2"], ids, false)).toBe(true);
  });
  it("the counts, only where nobody knows what was missed", () => {
    expect(touched(["status"], ids, false)).toBe(false);
    expect(touched(["status"], new Set(), true)).toBe(true);
  });
  it("all incidents, where nobody knows what was missed", () => {
    expect(touched(["answer", "INC-2"], new Set(), true)).toBe(true);
    expect(touched(["page", "INC-2"], new Set(), true)).toBe(false);
  });
});

const getQueryCache = () => new QueryCache();

describe("hints that come while their questions are being answered", () => {
  it("are one further question, not one each", async () => {
    vi.useFakeTimers();
    const answers: (() => void)[] = [];
    const tell = asker({ getQueryCache, invalidateQueries: () => new Promise<void>((done) => { answers.push(done); }) });
    const hint = (id: string) => tell({ type: "alerted", id, seq: 1 });
    hint("INC-1");
    await vi.advanceTimersByTimeAsync(150);
    for (const id of ["INC-2", "INC-3", "INC-4"]) {
      hint(id);
      await vi.advanceTimersByTimeAsync(150);
    }
    expect(answers).toHaveLength(1);
    answers[0]?.();
    await vi.advanceTimersByTimeAsync(150);
    expect(answers).toHaveLength(2);
    answers[1]?.();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(answers).toHaveLength(2);
    vi.useRealTimers();
  });
  it("do not wait for an answer that never comes", async () => {
    vi.useFakeTimers();
    let questions = 0;
    const tell = asker({ getQueryCache, invalidateQueries: () => { questions += 1; return new Promise<void>(() => undefined); } });
    tell({ type: "alerted", id: "INC-1", seq: 1 });
    await vi.advanceTimersByTimeAsync(150);
    tell({ type: "alerted", id: "INC-2", seq: 2 });
    await vi.advanceTimersByTimeAsync(6_000);
    expect(questions).toBe(2);
    vi.useRealTimers();
  });
  it("are not answered by what was asked before them, also where that was the first question", async () => {
    vi.useFakeTimers();
    const queries = new QueryClient();
    const answers: { resolve: (answer: string) => void; reject: (error: Error) => void }[] = [];
    const queryFn = () => new Promise<string>((resolve, reject) => { answers.push({ resolve, reject }); });
    const stop = new QueryObserver(queries, { queryKey: ["answer", "INC-1"], queryFn, retry: false }).subscribe(() => undefined);
    asker(queries)({ type: "recommended", id: "INC-1", seq: 1 });
    await vi.advanceTimersByTimeAsync(150);
    expect(answers).toHaveLength(1);
    answers[0]?.reject(new Error("none yet"));
    await vi.advanceTimersByTimeAsync(150);
    expect(answers).toHaveLength(2);
    answers[1]?.resolve("restart it");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(answers).toHaveLength(2);
    expect(queries.getQueryData(["answer", "INC-1"])).toBe("restart it");
    stop();
    vi.useRealTimers();
  });
});
