// Ask in your own words, or paste logs. Nothing is written until "Open as incident".
import { Button, Group, Paper, Stack, Text, Textarea, TextInput, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type KeyboardEvent, useEffect, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";

import { api, got } from "../api/client";
import { Answer } from "../parts/answer";
import { EvidenceCard } from "../parts/evidence";
import { Failure, Waiting } from "../parts/states";

interface Question {
  text: string;
  service: string;
}

const body = (question: Question) => ({ text: question.text, ...(question.service ? { service: question.service } : {}) });
const EXAMPLES = ["auth service returning 503 errors, users can't log in", "DB connection pool at 95%, API p99 latency at 6.2s", "KubePodCrashLooping"];

export function Ask() {
  const [params, setParams] = useSearchParams();
  const [text, setText] = useState(params.get("q") ?? "");
  const [service, setService] = useState(params.get("service") ?? "");
  const evidence = useMutation({ mutationFn: (asked: Question) => got(api.POST("/api/v1/recall", { body: body(asked) })) });
  const answer = useMutation({ mutationFn: (asked: Question) => got(api.POST("/api/v1/ask", { body: body(asked) })) });

  const ask = (asked: Question) => {
    if (!asked.text.trim()) return;
    setParams({ q: asked.text.slice(0, 500), ...(asked.service ? { service: asked.service } : {}) }, { replace: true });
    evidence.mutate(asked);
    answer.mutate(asked);
  };
  const linked = params.get("q");
  useEffect(() => {
    if (linked && answer.isIdle) ask({ text: linked, service });
    // only when the page is opened with a question in its address
  }, []); // eslint-disable-line react-hooks/exhaustive-deps
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) ask({ text, service });
  };
  return (
    <Stack gap="md">
      <Title order={1} size="h2">Ask</Title>
      <form onSubmit={(event) => { event.preventDefault(); ask({ text, service }); }}>
        <Stack gap="xs">
          <Textarea label="What happens?" description="A sentence, an alert, or log lines. Nothing is written." autosize minRows={3} maxRows={14}
            value={text} onChange={(event) => setText(event.currentTarget.value)} onKeyDown={onKey} placeholder={EXAMPLES[0]} required />
          <Group align="flex-end" gap="xs">
            <TextInput label="Service" description="if you know it" value={service} onChange={(event) => setService(event.currentTarget.value)} flex="1 1 10rem" />
            <Button type="submit" loading={answer.isPending}>Ask memory</Button>
          </Group>
        </Stack>
      </form>
      {answer.isIdle && <Suggestions pick={(one) => { setText(one); ask({ text: one, service }); }} />}
      {answer.isError && <Failure error={answer.error} again={() => ask({ text, service })} />}
      {answer.isPending && (evidence.data ? evidence.data.evidence.map((one) => <EvidenceCard key={one.id} evidence={one} asked={text} />) : <Waiting rows={3} />)}
      {answer.data && (
        <>
          <Answer answer={answer.data} asked={answer.variables?.text ?? ""} />
          <Opening question={answer.variables ?? { text, service }} />
        </>
      )}
    </Stack>
  );
}

function Suggestions({ pick }: { pick: (text: string) => void }) {
  return (
    <Group gap="xs">
      <Text size="sm" c="dimmed">For example:</Text>
      {EXAMPLES.map((one) => <Button key={one} size="xs" variant="default" onClick={() => pick(one)}>{one}</Button>)}
    </Group>
  );
}

function Opening({ question }: { question: Question }) {
  const go = useNavigate();
  const [first = "", ...more] = question.text.trim().split("\n");
  const open = useMutation({
    mutationFn: () => got(api.POST("/api/v1/incidents", {
      body: { title: first.slice(0, 300), description: more.join("\n"), ...(question.service ? { service: question.service } : {}) },
    })),
    onSuccess: (incident) => go(`/incidents/${encodeURIComponent(incident.id)}`),
  });
  return (
    <Paper withBorder p="md">
      <Group justify="space-between">
        <Text size="sm" flex="1 1 14rem">Is this happening now? As an incident it is kept, its outcome counts, and it is remembered.</Text>
        <Button variant="light" onClick={() => open.mutate()} loading={open.isPending}>Open as incident</Button>
      </Group>
      {open.isError && <Failure error={open.error} />}
    </Paper>
  );
}
