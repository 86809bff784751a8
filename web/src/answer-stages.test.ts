import { describe, expect, it } from "vitest";

import { follow, type Sources } from "./answer-stages";
import type { Evidence, Recommendation } from "./format";

const question = { text: "503", service: "" };
const evidence = [{ id: "INC-1" }] as Evidence[];
const answer = (composer: string) => ({ id: composer, composer }) as Recommendation;
const sources = (other: Partial<Sources> = {}): Sources => ({
  recall: () => Promise.resolve(evidence),
  ask: () => Promise.resolve(answer("extractive")),
  models: Promise.resolve(true),
  refine: () => Promise.resolve(answer("llm")),
  ...other,
});

async function statesOf(sources: Sources, dropped: () => boolean = () => false): Promise<string[]> {
  const states: string[] = [];
  await follow(question, sources, (now) => states.push(`${now.stage}:${now.evidence ? "e" : ""}${now.answer?.composer ?? ""}${now.error?.message ?? ""}`), dropped);
  return states;
}

describe("an answer as it comes", () => {
  it("is evidence, then steps, then what a model makes of them", async () => {
    expect(await statesOf(sources())).toEqual(["evidence:", "steps:e", "refining:eextractive", "done:ellm"]);
  });
  it("shows evidence first even where the steps are there sooner", async () => {
    let recalled: (evidence: Evidence[]) => void = () => undefined;
    const following = statesOf(sources({ recall: () => new Promise((done) => { recalled = done; }), models: Promise.resolve(false) }));
    await Promise.resolve();
    recalled(evidence);
    expect(await following).toEqual(["evidence:", "steps:e", "done:eextractive"]);
  });
  it("stands as it is where the model fails", async () => {
    expect(await statesOf(sources({ refine: () => Promise.reject(new Error("away")) }))).toEqual(["evidence:", "steps:e", "refining:eextractive", "done:eextractive"]);
  });
  it("says what went wrong, and asks no model then", async () => {
    const refine = () => { throw new Error("must not be asked"); };
    expect(await statesOf(sources({ ask: () => Promise.reject(new Error("no")), refine }))).toEqual(["evidence:", "steps:e", "failed:eno"]);
  });
  it("tells nothing of a question that was dropped", async () => {
    let calls = 0;
    expect(await statesOf(sources(), () => (calls += 1) > 2)).toEqual(["evidence:", "steps:e"]);
  });
});
