// The answer to an incident, and what people say of it: which steps helped, what a check showed.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";

import { api, dataOf, Problem } from "./api/client";
import { ANYWAY_MS, useFailure } from "./failures";
import type { Check, Outcome, Recommendation, Step } from "./format";
import { useEvery, useLate } from "./live-updates";
import type { CheckResult, MarkCheck } from "./parts/checks";
import { notify } from "./parts/toasts";
import { type Draft, draftOf, withDraft } from "./resolve-form";
import { type AnswerOutcomes as MarkedAnswer, marksOf, outcomeOf, type StepOutcomes, withMark } from "./step-outcomes";

const ANSWER_MS = 2_000;
const GRACE_MS = 1_500; // how long what stands below an answer waits for it
const NOT_FOUND = 404;

/** Whether there is only no answer yet. */
const isAbsent = (error: Error | null): boolean => error instanceof Problem && error.status === NOT_FOUND;

export interface AnswerState {
  answer: Recommendation | undefined;
  /** Whether it is asked for the first time: what stands below an answer comes with it, so that nothing moves under a finger. */
  asking: boolean;
  /** Why it could not be loaded; that there is none yet is no failure. */
  error: Error | null;
  again: () => void;
}

/** The newest answer; without the stream asked for often only while one is on its way, and not where there will be none. */
export function useAnswer(id: string, going: boolean, enabled: boolean): AnswerState {
  const [soon, later] = [useEvery(ANSWER_MS), useEvery(ANYWAY_MS)];
  const answer = useQuery({
    queryKey: ["answer", id],
    queryFn: () => dataOf(api.GET("/api/v1/incidents/{incident_id}/recommendation", { params: { path: { incident_id: id } } })),
    enabled,
    retry: false,
    refetchInterval: ({ state }) => (state.error && !isAbsent(state.error) ? ANYWAY_MS : state.data ? later : going && soon),
  });
  const first = answer.isFetching && !answer.isFetched;
  const late = useLate(GRACE_MS, first);
  const failure = useFailure(answer);
  const shown = useDeferredValue(answer.data); // drawn in slices: a touch does not wait for it
  return {
    answer: shown,
    asking: (answer.data ? !shown : first) && !late,
    error: answer.data || isAbsent(failure) ? null : failure,
    again: () => void answer.refetch(),
  };
}

/** What came of each step, told to the server at once; the same button again takes nothing back, another one corrects. */
export function useMarks(incident: string, answer: Recommendation | undefined): [StepOutcomes, readonly Draft[], (step: Step, outcome: Outcome) => void] {
  const [marks, setMarks] = useState<MarkedAnswer>();
  const [drafts, setDrafts] = useState<readonly Draft[]>([]);
  const tell = useMutation({
    mutationFn: (all: MarkedAnswer) => dataOf(api.POST("/api/v1/recommendations/{recommendation_id}/outcome", {
      params: { path: { recommendation_id: all.answer } },
      body: outcomeOf(incident, all.steps),
    })),
    onError: (error) => notify({ color: "red", title: "That was not saved", message: error.message }),
  });
  const mark = (step: Step, outcome: Outcome) => {
    if (!answer) return;
    const all = withMark(marks, answer.id, step.n, outcome);
    setMarks(all);
    setDrafts((old) => withDraft(old, draftOf(step, outcome)));
    tell.mutate(all);
  };
  return [marksOf(marks, answer?.id), drafts, mark];
}

/** What a check showed goes to the server, which says what to look at next. */
export function useMarkCheck(incident: string, answer: Recommendation | undefined): MarkCheck {
  const queries = useQueryClient();
  const tell = useMutation({
    mutationFn: ({ check, result }: { check: Check; result: CheckResult }) => dataOf(api.POST("/api/v1/recommendations/{recommendation_id}/checks/{n}", {
      params: { path: { recommendation_id: answer?.id ?? "", n: check.n } },
      body: { result },
    })),
    onSuccess: () => Promise.all(["answer", "timeline"].map((part) => queries.invalidateQueries({ queryKey: [part, incident] }))),
    onError: (error) => notify({ color: "red", title: "That was not saved", message: error.message }),
  });
  return (check, result) => tell.mutate({ check, result });
}
