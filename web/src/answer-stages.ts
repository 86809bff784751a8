// A question and its answer as it comes: evidence first, then cause and steps, then what a model makes of them.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { api, dataOf, type Schemas } from "./api/client";
import { STATUS, useStatus } from "./live-updates";
import type { Evidence, Recommendation } from "./format";

export interface Question {
  readonly text: string;
  readonly service: string;
}
export type Stage = "idle" | "evidence" | "steps" | "refining" | "done" | "failed";

interface Asking {
  readonly stage: Stage;
  readonly question?: Question;
  readonly evidence?: readonly Evidence[];
  readonly answer?: Recommendation;
  readonly error?: Error;
}

/** What the three steps of an answer are asked of; a test gives its own. */
export interface Sources {
  recall: (question: Question) => Promise<readonly Evidence[]>;
  ask: (question: Question) => Promise<Recommendation>;
  /** Whether there is a model that refines answers. */
  models: Promise<boolean>;
  refine: (question: Question) => Promise<Recommendation>;
}

/** Asks step by step and tells each; what comes after the question was dropped is not told. A model that fails changes nothing. */
export async function follow(question: Question, sources: Sources, tell: (now: Asking) => void, dropped: () => boolean): Promise<void> {
  let now: Asking = { stage: "evidence", question: question };
  const on = (part: Partial<Asking>) => {
    now = { ...now, ...part };
    if (!dropped()) tell(now);
  };
  on({});
  const answering = sources.ask(question);
  answering.catch(() => undefined); // its error is told below, once
  try {
    on({ evidence: await sources.recall(question), stage: "steps" });
    on({ answer: await answering, stage: (await sources.models) ? "refining" : "done" });
  } catch (error) {
    on({ error: error as Error, stage: "failed" });
    return;
  }
  if (now.stage === "done" || dropped()) return;
  try {
    on({ answer: await sources.refine(question), stage: "done" });
  } catch {
    on({ stage: "done" });
  }
}

const body = (question: Question) => ({ text: question.text, ...(question.service ? { service: question.service } : {}) });

const refining = (status: Schemas["StatusReport"]): boolean => status.parts.some((part) => part.name === "refining");

/** Whether a model is configured that refines answers. */
export function useModels(): boolean {
  const { data } = useStatus();
  return data !== undefined && refining(data);
}

export function useAsking(): Asking & { begin: (question: Question) => void } {
  const [now, tell] = useState<Asking>({ stage: "idle" });
  const current = useRef(0);
  const queries = useQueryClient();
  useEffect(() => () => { current.current += 1; }, []);
  const begin = (question: Question) => {
    const round = (current.current += 1);
    const sources: Sources = {
      recall: async (question) => (await dataOf(api.POST("/api/v1/recall", { body: body(question) }))).evidence,
      ask: (question) => dataOf(api.POST("/api/v1/ask", { body: body(question) })),
      models: queries.ensureQueryData(STATUS).then(refining, () => false),
      refine: (question) => dataOf(api.POST("/api/v1/ask", { params: { query: { refine: true } }, body: body(question) })),
    };
    void follow(question, sources, tell, () => round !== current.current);
  };
  return { ...now, begin };
}
