// Why there is nothing to show. TanStack Query forgets the error of a question without an answer while it asks again; what
// is on the screen, and under the finger, stays until the answer is there.
import { useState } from "react";

export interface Question {
  data: unknown;
  error: Error | null;
  errorUpdateCount: number;
  isPlaceholderData: boolean;
}

/** Whether it failed and has not been answered since, also while it is asked again. */
export const hasFailed = ({ data, errorUpdateCount, isPlaceholderData }: Omit<Question, "error">): boolean => errorUpdateCount > 0 && (data === undefined || isPlaceholderData);

/** Its error, which of a question without an answer stays while it is asked again. */
export function useFailure(question: Question): Error | null {
  const { error } = question;
  const [last, setLast] = useState(error);
  if (error && error !== last) setLast(error);
  return error ?? (hasFailed(question) ? last : null);
}

export const ANYWAY_MS = 15_000;

/** For `refetchInterval`: seldom after an error, since a server in trouble is not helped by more questions; but again, without a touch. */
export const unlessFailed = (everyMs: number | false) => ({ state }: { state: { error: Error | null } }): number | false => (state.error ? Math.max(everyMs || 0, ANYWAY_MS) : everyMs);
