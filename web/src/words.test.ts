import { describe, expect, it } from "vitest";

import { firstSafe, matching, record, span, spelt, type Step, trust } from "./words";

const step = (n: number, risk: Step["risk"]) => ({ n, risk }) as Step;

describe("the first safe step", () => {
  it("is the first that only looks, wherever it stands", () => {
    expect(firstSafe([step(1, "disruptive"), step(2, "reversible"), step(3, "read_only")])?.n).toBe(3);
  });
  it("is else the first that can be undone", () => {
    expect(firstSafe([step(1, "destructive"), step(2, "reversible")])?.n).toBe(2);
  });
  it("is none where all could do harm", () => {
    expect(firstSafe([step(1, "destructive"), step(2, "disruptive")])).toBeUndefined();
  });
});

describe("trust", () => {
  it("is a frequency with its interval and where it comes from", () => {
    const confidence = { probability: 0.78, right: 7, of: 9, low: 0.45, high: 0.94, basis: "outcomes" };
    expect(trust({ confidence, confidence_reason: null })).toBe("right 7 of 9 times at this level (45–94 %), on your own incidents");
  });
  it("is absent with its reason", () => {
    expect(trust({ confidence: null, confidence_reason: "not measured yet: 6 outcomes, 20 needed" })).toBe("not measured yet: 6 outcomes, 20 needed");
  });
});

describe("spans of time", () => {
  it.each([
    [0, "0 s"],
    [59, "59 s"],
    [60, "1 min"],
    [3_725, "1 h 2 min"],
    [90_000, "1 d 1 h"],
    [-5, "0 s"],
  ])("%d seconds are %s", (seconds, said) => expect(span(seconds)).toBe(said));
});

describe("matching words", () => {
  it("marks what both have, and loses nothing", () => {
    const pieces = matching("FATAL: too many clients <b>already</b>", "Too many CLIENTS");
    expect(pieces.filter((piece) => piece.same).map((piece) => piece.text)).toEqual(["too", "many", "clients"]);
    expect(pieces.map((piece) => piece.text).join("")).toBe("FATAL: too many clients <b>already</b>");
  });
});

it("spells labels out", () => expect(spelt("connection-pool_exhaustion")).toBe("Connection pool exhaustion"));

it("says when there is no record", () => expect(record({ tried: 0, worked: 0, failed: 0, last: null })).toBe("no record here yet"));
