// Marks belong to one answer: another answer's steps have the same numbers and are other steps.
import type { Outcome } from "./words";

export type Marked = Readonly<Record<number, Outcome>>;
export interface Marks {
  answer: string;
  steps: Marked;
}

/** The marks of this answer; none of another one. */
export const marksOf = (marks: Marks | undefined, answer: string | undefined): Marked => (marks && marks.answer === answer ? marks.steps : {});

/** The same with one step marked. */
export const withMark = (marks: Marks | undefined, answer: string, n: number, outcome: Outcome): Marks => ({
  answer,
  steps: { ...marksOf(marks, answer), [n]: outcome },
});

/** What is posted: of which incident it is said, so that it can't count for another one. */
export const outcomeOf = (incident: string, steps: Marked) => ({
  verdict: Object.values(steps).includes("worked") ? ("helped" as const) : ("did_not_help" as const),
  incident,
  steps: Object.entries(steps).map(([n, outcome]) => ({ n: Number(n), outcome })),
});
