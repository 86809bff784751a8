import { describe, expect, it } from "vitest";

import { marksOf, outcomeOf, withMark } from "./step-outcomes";

describe("marks", () => {
  const first = withMark(undefined, "rec-a", 2, "worked");
  it("are those of one answer", () => {
    expect(marksOf(first, "rec-a")).toEqual({ 2: "worked" });
    expect(marksOf(first, "rec-b")).toEqual({});
    expect(marksOf(first, undefined)).toEqual({});
  });
  it("begin anew with another answer, whose steps have the same numbers", () => {
    expect(withMark(first, "rec-b", 1, "did_not_help")).toEqual({ answer: "rec-b", steps: { 1: "did_not_help" } });
  });
  it("add up within one", () => {
    expect(withMark(first, "rec-a", 1, "did_not_help").steps).toEqual({ 1: "did_not_help", 2: "worked" });
  });
  it("are posted with the incident that they are said of", () => {
    expect(outcomeOf("INC-1", { 2: "worked", 3: "did_not_help" })).toEqual({
      verdict: "helped", incident: "INC-1", steps: [{ n: 2, outcome: "worked" }, { n: 3, outcome: "did_not_help" }],
    });
    expect(outcomeOf("INC-1", { 3: "did_not_help" }).verdict).toBe("did_not_help");
  });
});
