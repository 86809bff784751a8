// Ask in your own words, or paste logs. Nothing is written until "Open as incident".
import { Badge, Button, Group, Loader, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type KeyboardEvent, useEffect, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";

import { api, dataOf } from "../api/client";
import { type Question, type Stage, useAsking, useModels } from "../answer-stages";
import { Answer } from "../parts/answer";
import { useIsEmpty } from "../live-updates";
import { GettingStarted } from "../parts/getting-started";
import { EvidenceCard } from "../parts/evidence";
import { GrowingTextarea } from "../parts/growing-textarea";
import { Failure, Waiting } from "../parts/states";
import { worthShowing } from "../format";

const EXAMPLES = ["auth service returning 503 errors, users can't log in", "DB connection pool at 95%, API p99 latency at 6.2s", "KubePodCrashLooping"];

export function Ask() {
  const [params, setParams] = useSearchParams();
  const [text, setText] = useState(params.get("q") ?? "");
  const [service, setService] = useState(params.get("service") ?? "");
  const empty = useIsEmpty();
  const { stage, evidence, answer, error, question, begin } = useAsking();

  const ask = (question: Question) => {
    if (!question.text.trim()) return;
    setParams({ q: question.text.slice(0, 500), ...(question.service ? { service: question.service } : {}) }, { replace: true });
    begin(question);
  };
  const linked = params.get("q");
  useEffect(() => {
    if (linked && linked !== question?.text.slice(0, 500)) {
      setText(linked);
      ask({ text: linked, service });
    }
    // only when the page is opened with a question in its address, or another one is put there
  }, [linked]); // eslint-disable-line react-hooks/exhaustive-deps
  const shown = answer?.evidence ?? evidence; // the answer may rest on less than what was found at first
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) ask({ text, service });
  };
  return (
    <Stack gap="md">
      <Title order={1} size="h2">Ask</Title>
      <form onSubmit={(event) => { event.preventDefault(); ask({ text, service }); }}>
        <Stack gap="xs">
          <GrowingTextarea label="What's happening?" description="A sentence, an alert, or log lines. Nothing is stored." minRows={2} maxRows={14}
            value={text} onChange={(event) => setText(event.currentTarget.value)} onKeyDown={onKey} placeholder={EXAMPLES[0]} required />
          <Group align="flex-end" gap="xs" wrap="nowrap">
            <TextInput label="Service, if you know it" value={service} onChange={(event) => setService(event.currentTarget.value)} flex="1 1 8rem" />
            <Button type="submit" flex="none" loading={stage === "evidence"}>Ask memory</Button>
          </Group>
        </Stack>
      </form>
      {empty && <GettingStarted />}
      {stage === "idle" && !empty && <Suggestions pick={(example) => { setText(example); ask({ text: example, service }); }} />}
      {question && !error && <Progress stage={stage} candidates={shown && worthShowing(shown).length} refined={answer?.composer === "llm"} unseen={answer?.verdict === "never_seen" && !answer.cause} />}
      {error && <Failure error={error} again={() => ask({ text, service })} />}
      {stage === "evidence" && <Waiting rows={3} />}
      {stage === "steps" && worthShowing(evidence ?? []).map((piece) => <EvidenceCard key={`${piece.kind}:${piece.id}`} evidence={piece} question={question?.text ?? ""} />)}
      {question && answer && (
        <Answer answer={answer} question={question.text}>
          <Opening question={question} />
        </Answer>
      )}
    </Stack>
  );
}

const STAGES = ["evidence", "steps", "refining"] as const;
const TOLD = { evidence: "evidence", steps: "cause and steps", refining: "refined by a model" } as const;

/** How far the answer has come, in words that a screen reader says too. */
function Progress({ stage, candidates, refined, unseen }: { stage: Stage; candidates: number | undefined; refined: boolean; unseen: boolean }) {
  const models = useModels();
  const at = stage === "done" ? STAGES.length : STAGES.indexOf(stage as (typeof STAGES)[number]);
  const last = models ? STAGES : STAGES.slice(0, 2);
  const stageWords = (name: (typeof STAGES)[number]): string => {
    if (name === "evidence" && candidates === 0) return "no evidence";
    if (name === "evidence" && candidates !== undefined) return candidates === 1 ? "1 piece of evidence" : `${candidates} pieces of evidence`;
    if (name === "refining" && stage === "done" && !refined) return "the model changed nothing";
    return name === "steps" && unseen ? "no cause to suggest" : TOLD[name];
  };
  return (
    <Group gap="xs" role="status" aria-label="how far the answer has come" mih={22}>
      {last.map((step, n) => (
        <Badge key={step} variant={n < at ? "light" : "default"} color={n < at ? "teal" : "gray"} tt="none"
          leftSection={n < at ? <IconCheck size={12} aria-label="here" /> : n === at ? <Loader size={10} aria-label="on its way" /> : undefined}>
          {stageWords(step)}
        </Badge>
      ))}
    </Group>
  );
}

function Suggestions({ pick }: { pick: (text: string) => void }) {
  return (
    <Group gap="xs">
      <Text size="sm" c="dimmed">For example:</Text>
      {EXAMPLES.map((example) => <Button key={example} size="xs" variant="default" maw="100%" h="auto" mih={30} py={4} classNames={{ label: "onrecall-breaks" }} onClick={() => pick(example)}>{example}</Button>)}
    </Group>
  );
}

function Opening({ question }: { question: Question }) {
  const go = useNavigate();
  const [first = "", ...more] = question.text.trim().split("\n");
  const open = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/incidents", {
      body: { title: first.slice(0, 300), description: [first.slice(300), ...more].join("\n").trim(), ...(question.service ? { service: question.service } : {}) },
    })),
    onSuccess: (incident) => go(`/incidents/${encodeURIComponent(incident.id)}`),
  });
  return (
    <Paper withBorder p="md">
      <Group justify="space-between">
        <Text size="sm" flex="1 1 14rem">Happening now? Open an incident to track it and teach OnRecall what fixed it.</Text>
        <Button variant="light" onClick={() => open.mutate()} loading={open.isPending}>Open as incident</Button>
      </Group>
      {open.isError && <Failure error={open.error} />}
    </Paper>
  );
}
