// Closing an incident: filled in from the answer's cause and the steps that were marked.
import { Button, Group, Paper, Select, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { api, got } from "../api/client";
import { type Incident, OUTCOME, type Outcome, type Recommendation } from "../words";
import type { Marked } from "./answer";
import { Failure } from "./states";

interface Draft {
  text: string;
  command: string;
  outcome: Outcome;
  /** Kept as it was told; the form does not ask for it. */
  rollback: string | null;
}

interface ResolveProps {
  incident: Incident;
  answer: Recommendation | undefined;
  marked: Marked;
  done: () => void;
}

const OUTCOMES = Object.entries(OUTCOME).map(([value, label]) => ({ value, label }));

export function drafted({ incident, answer, marked }: Omit<ResolveProps, "done">): Draft[] {
  const told = incident.resolution?.steps.map((step) => ({ text: step.text, command: step.command ?? "", outcome: step.outcome, rollback: step.rollback }));
  if (told?.length) return told;
  return (answer?.steps ?? []).flatMap((step) => {
    const outcome = marked[step.n];
    return outcome ? [{ text: step.text, command: step.command ?? "", outcome, rollback: step.rollback }] : [];
  });
}

export function Resolve(props: ResolveProps) {
  const { incident, answer, marked, done } = props;
  const worked = Object.values(marked).includes("worked");
  const [cause, setCause] = useState(incident.resolution?.root_cause ?? (worked ? (answer?.cause ?? "") : ""));
  const [label, setLabel] = useState(incident.resolution?.cause ?? (worked ? (answer?.cause_label ?? "") : ""));
  const [summary, setSummary] = useState(incident.resolution?.summary ?? "");
  const [steps, setSteps] = useState(() => drafted(props));
  const change = (n: number, part: Partial<Draft>) => setSteps((all) => all.map((one, at) => (at === n ? { ...one, ...part } : one)));
  const send = useMutation({
    mutationFn: () => got(api.POST("/api/v1/incidents/{incident_id}/resolution", {
      params: { path: { incident_id: incident.id } },
      body: {
        root_cause: cause,
        ...(label ? { cause: label } : {}),
        ...(summary ? { summary } : {}),
        steps: steps.filter((step) => step.text.trim()).map((step) => ({ text: step.text, outcome: step.outcome, ...(step.command ? { command: step.command } : {}), ...(step.rollback ? { rollback: step.rollback } : {}) })),
      },
    })),
    onSuccess: done,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send.mutate();
  };
  return (
    <Paper withBorder p="md" component="form" onSubmit={submit} aria-label="resolve">
      <Stack gap="sm">
        <Textarea label="What was the cause?" autosize minRows={2} required value={cause} onChange={(event) => setCause(event.currentTarget.value)} />
        <TextInput label="Its short name" description="the same for every incident of this cause, such as connection-pool-exhaustion" value={label} onChange={(event) => setLabel(event.currentTarget.value)} />
        <Text size="sm" fw={500}>What was done, also what did not help</Text>
        {steps.map((step, n) => (
          <Group key={n} gap="xs" align="flex-start">
            <Textarea aria-label={`step ${n + 1}`} placeholder="what was done" autosize value={step.text} flex="2 1 14rem" onChange={(event) => change(n, { text: event.currentTarget.value })} />
            <Textarea aria-label={`command of step ${n + 1}`} placeholder="command, if any" autosize value={step.command} flex="2 1 12rem" onChange={(event) => change(n, { command: event.currentTarget.value })} />
            <Select aria-label={`outcome of step ${n + 1}`} data={OUTCOMES} value={step.outcome} w={150} allowDeselect={false} onChange={(value) => change(n, { outcome: value as Outcome })} />
            <Button variant="subtle" color="red" size="compact-sm" onClick={() => setSteps((all) => all.filter((_, at) => at !== n))} aria-label={`remove step ${n + 1}`}>remove</Button>
          </Group>
        ))}
        <Button variant="default" size="xs" w="fit-content" onClick={() => setSteps((all) => [...all, { text: "", command: "", outcome: "worked", rollback: null }])}>Add a step</Button>
        <Textarea label="In a few words" autosize value={summary} onChange={(event) => setSummary(event.currentTarget.value)} />
        {send.isError && <Failure error={send.error} />}
        <Group>
          <Button type="submit" loading={send.isPending}>{incident.status === "resolved" ? (incident.resolution ? "Keep as a new version" : "Keep it") : "Resolve"}</Button>
          <Button variant="subtle" onClick={done}>Cancel</Button>
        </Group>
      </Stack>
    </Paper>
  );
}
