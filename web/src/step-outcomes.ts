// Marks belong to one answer: another answer's steps have the same numbers and are other steps.
import type { Outcome } from "./format";

export type StepOutcomes = Readonly<Record<number, Outcome>>;
export interface AnswerOutcomes {
  answer: string;
  steps: StepOutcomes;
}

/** The marks of this answer; none of another one. */
export const marksOf = (marks: AnswerOutcomes | undefined, answer: string | undefined): StepOutcomes => (marks && marks.answer === answer ? marks.steps : {});

/** The same with one step marked. */
export const withMark = (marks: AnswerOutcomes | undefined, answer: string, n: number, outcome: Outcome): AnswerOutcomes => ({
  answer,
  steps: { ...marksOf(marks, answer), [n]: outcome },
});

/** What is posted: of which incident it is said, so that it can't count for another one. */
export const outcomeOf = (incident: string, steps: StepOutcomes) => ({
  verdict: Object.values(steps).includes("worked") ? ("helped" as const) : ("did_not_help" as const),
  incident,
  steps: Object.entries(steps).map(([n, outcome]) => ({ n: Number(n), outcome })),
});
