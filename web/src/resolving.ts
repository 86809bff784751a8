// What the resolve form begins with, and what it sends.
import type { Marked } from "./marks";
import type { Incident, Outcome, Recommendation } from "./words";

export interface Draft {
  text: string;
  command: string;
  outcome: Outcome;
  /** Kept as it was told; the form does not ask for it. */
  rollback: string | null;
}

export interface Cause {
  text: string;
  label: string;
  /** Whether it was taken over from the answer, edited since or not. */
  taken: boolean;
}

/** The cause is empty until somebody writes it or takes the answer's over; an edit begins with what stands. */
export const causeAtFirst = (incident: Pick<Incident, "resolution">): Cause => ({
  text: incident.resolution?.root_cause ?? "",
  label: incident.resolution?.cause ?? "",
  taken: incident.resolution?.cause_origin === "taken_over",
});

/** The answer's cause, as taken over; nothing where it names none. */
export const suggestedCause = (answer: Pick<Recommendation, "cause" | "cause_label"> | undefined): Cause | undefined =>
  answer?.cause ? { text: answer.cause, label: answer.cause_label ?? "", taken: true } : undefined;

/** The steps that stand in the resolution, or those that were marked. */
export function stepsAtFirst(incident: Pick<Incident, "resolution">, answer: Pick<Recommendation, "steps"> | undefined, marked: Marked): Draft[] {
  const told = incident.resolution?.steps.map((step) => ({ text: step.text, command: step.command ?? "", outcome: step.outcome, rollback: step.rollback }));
  if (told?.length) return told;
  return (answer?.steps ?? []).flatMap((step) => {
    const outcome = marked[step.n];
    return outcome ? [{ text: step.text, command: step.command ?? "", outcome, rollback: step.rollback }] : [];
  });
}

/** The body of the request; what is empty is left out. */
export const resolutionOf = (cause: Cause, summary: string, steps: readonly Draft[]) => ({
  root_cause: cause.text,
  cause_taken_over: cause.taken,
  ...(cause.label ? { cause: cause.label } : {}),
  ...(summary ? { summary } : {}),
  steps: steps.filter((step) => step.text.trim()).map((step) => ({
    text: step.text, outcome: step.outcome, ...(step.command ? { command: step.command } : {}), ...(step.rollback ? { rollback: step.rollback } : {}),
  })),
});
