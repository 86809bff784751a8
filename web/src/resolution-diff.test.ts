import { expect, it } from "vitest";

import { adds, differences } from "./resolution-diff";

const step = (text: string, outcome: "worked" | "did_not_help" = "worked") => ({ text, command: null, outcome, rollback: null, line: null });
const first = { root_cause: "a leak", cause: "leak", summary: null, steps: [step("restarted"), step("scaled", "did_not_help")] };

it("says what another version changed, and nothing else", () => {
  const after = { root_cause: "a leak in the pool", cause: "leak", summary: null, steps: [step("restarted", "did_not_help"), step("patched")] };
  expect(differences(first, after)).toEqual([
    "The cause was “a leak”, and is now “a leak in the pool”.",
    "“restarted”: the outcome was “worked” and is now “did not help”.",
    "Added, worked: “patched”",
    "Removed: “scaled”",
  ]);
});
it("says so where the words are the same", () => expect(differences(first, first)).toEqual(["No text changed."]));

it("knows a summary that only repeats the steps", () => {
  expect(adds("restarted\n scaled\n", first.steps)).toBe(false);
  expect(adds("restarted\nscaled, and slept", first.steps)).toBe(true);
});
