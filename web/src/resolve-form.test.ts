import { describe, expect, it } from "vitest";

import { causeAtFirst, draftOf, resolutionOf, stepsAtFirst, suggestedCause, withDraft } from "./resolve-form";
import type { Incident, Recommendation } from "./format";

const open = { resolution: null } as Pick<Incident, "resolution">;
const answer = {
  cause: "The pool ran dry", cause_label: "pool",
  steps: [{ n: 1, text: "Look", command: "ls", rollback: null }, { n: 2, text: "Raise it", command: null, rollback: "Lower it" }],
} as unknown as Recommendation;

describe("the resolve form", () => {
  it("begins empty, whatever the answer says and whatever was marked", () => {
    expect(causeAtFirst(open)).toEqual({ text: "", label: "", taken: false });
  });
  it("takes the answer's cause over on demand, and says so", () => {
    const cause = suggestedCause(answer);
    expect(cause).toEqual({ text: "The pool ran dry", label: "pool", taken: true });
    expect(resolutionOf({ ...cause!, text: "The pool ran dry at noon" }, "", [])).toMatchObject({ cause_taken_over: true, cause: "pool" });
  });
  it("offers none where the answer names none", () => {
    expect(suggestedCause({ cause: null, cause_label: null })).toBeUndefined();
    expect(suggestedCause(undefined)).toBeUndefined();
  });
  it("lists the steps that were marked", () => {
    const marked = [draftOf(answer.steps[1]!, "worked")];
    expect(stepsAtFirst(open, marked)).toEqual([{ text: "Raise it", command: "", outcome: "worked", rollback: "Lower it" }]);
  });
  it("keeps a mark when a later answer has other steps, and corrects it in its place", () => {
    const first = withDraft(withDraft([], draftOf(answer.steps[1]!, "worked")), draftOf(answer.steps[0]!, "did_not_help"));
    expect(withDraft(first, draftOf(answer.steps[1]!, "did_not_help")).map((draft) => [draft.text, draft.outcome])).toEqual([
      ["Raise it", "did_not_help"], ["Look", "did_not_help"],
    ]);
  });
  it("sends what was written as written", () => {
    expect(resolutionOf({ text: "A job", label: "", taken: false }, "", [{ text: " ", command: "", outcome: "worked", rollback: null }])).toEqual({
      root_cause: "A job", cause_taken_over: false, steps: [],
    });
  });
});
