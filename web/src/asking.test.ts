import { describe, expect, it } from "vitest";

import { follow, type Sources } from "./asking";
import type { Evidence, Recommendation } from "./words";

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

async function told(given: Sources, dropped: () => boolean = () => false): Promise<string[]> {
  const said: string[] = [];
  await follow(question, given, (now) => said.push(`${now.stage}:${now.evidence ? "e" : ""}${now.answer?.composer ?? ""}${now.error?.message ?? ""}`), dropped);
  return said;
}

describe("an answer as it comes", () => {
  it("is evidence, then steps, then what a model makes of them", async () => {
    expect(await told(sources())).toEqual(["evidence:", "steps:e", "refining:eextractive", "done:ellm"]);
  });
  it("shows evidence first even where the steps are there sooner", async () => {
    let recalled: (found: Evidence[]) => void = () => undefined;
    const following = told(sources({ recall: () => new Promise((done) => { recalled = done; }), models: Promise.resolve(false) }));
    await Promise.resolve();
    recalled(evidence);
    expect(await following).toEqual(["evidence:", "steps:e", "done:eextractive"]);
  });
  it("stands as it is where the model fails", async () => {
    expect(await told(sources({ refine: () => Promise.reject(new Error("away")) }))).toEqual(["evidence:", "steps:e", "refining:eextractive", "done:eextractive"]);
  });
  it("says what went wrong, and asks no model then", async () => {
    const refine = () => { throw new Error("must not be asked"); };
    expect(await told(sources({ ask: () => Promise.reject(new Error("no")), refine }))).toEqual(["evidence:", "steps:e", "failed:eno"]);
  });
  it("tells nothing of a question that was dropped", async () => {
    let calls = 0;
    expect(await told(sources(), () => (calls += 1) > 2)).toEqual(["evidence:", "steps:e"]);
  });
});
