// Closing an incident: the cause is written or taken over, never filled in; the steps are those that were marked.
import { Button, Group, Paper, Select, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { api, dataOf } from "../api/client";
import { causeAtFirst, type Draft, resolutionOf, stepsAtFirst, suggestedCause } from "../resolve-form";
import { type Incident, OUTCOME, type Outcome, type Recommendation } from "../format";
import { Failure } from "./states";

interface ResolveProps {
  incident: Incident;
  answer: Recommendation | undefined;
  /** What people marked on this incident, in whichever of its answers. */
  marked: readonly Draft[];
  done: () => void;
}

const OUTCOMES = Object.entries(OUTCOME).map(([value, label]) => ({ value, label }));

export function Resolve(props: ResolveProps) {
  const { incident, answer, marked, done } = props;
  const [cause, setCause] = useState(() => causeAtFirst(incident));
  const [summary, setSummary] = useState(incident.resolution?.summary ?? "");
  const [steps, setSteps] = useState(() => stepsAtFirst(incident, marked));
  const suggested = suggestedCause(answer);
  const change = (n: number, part: Partial<Draft>) => setSteps((all) => all.map((step, at) => (at === n ? { ...step, ...part } : step)));
  const send = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/incidents/{incident_id}/resolution", {
      params: { path: { incident_id: incident.id } },
      body: resolutionOf(cause, summary, steps),
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
        <Textarea label="What was the cause?" autosize minRows={2} required value={cause.text} onChange={(event) => { const text = event.currentTarget.value; setCause((old) => ({ ...old, text, taken: old.taken && text !== "" && !incident.resolution })); }} />
        {suggested && !cause.text && <Button variant="default" size="xs" w="fit-content" onClick={() => setCause(suggested)}>Use suggested cause</Button>}
        {cause.taken && <Text size="xs" c="dimmed">Accepted from the answer, and recorded as accepted. Write your own words if you know better.</Text>}
        <TextInput label="Cause label" description="shared by all incidents with this cause, such as connection-pool-exhaustion" value={cause.label} onChange={(event) => { const label = event.currentTarget.value; setCause((old) => ({ ...old, label })); }} />
        <Text size="sm" fw={500}>What was done, including what did not help</Text>
        {steps.map((step, n) => (
          <Group key={n} gap="xs" align="flex-start">
            <Textarea aria-label={`step ${n + 1}`} placeholder="what was done" autosize value={step.text} flex="2 1 14rem" onChange={(event) => change(n, { text: event.currentTarget.value })} />
            <Textarea aria-label={`command of step ${n + 1}`} placeholder="command, if any" autosize value={step.command} flex="2 1 12rem" onChange={(event) => change(n, { command: event.currentTarget.value })} />
            <Select aria-label={`outcome of step ${n + 1}`} data={OUTCOMES} value={step.outcome} w={150} allowDeselect={false} onChange={(value) => change(n, { outcome: value as Outcome })} />
            <Button variant="subtle" color="red" size="compact-sm" onClick={() => setSteps((all) => all.filter((_, at) => at !== n))} aria-label={`remove step ${n + 1}`}>remove</Button>
          </Group>
        ))}
        <Button variant="default" size="xs" w="fit-content" onClick={() => setSteps((all) => [...all, { text: "", command: "", outcome: "worked", rollback: null }])}>Add a step</Button>
        <Textarea label="Summary" autosize value={summary} onChange={(event) => setSummary(event.currentTarget.value)} />
        {send.isError && <Failure error={send.error} />}
        <Group>
          <Button type="submit" loading={send.isPending}>{incident.status === "resolved" ? (incident.resolution ? "Save as a new version" : "Save") : "Resolve"}</Button>
          <Button variant="subtle" onClick={done}>Cancel</Button>
        </Group>
      </Stack>
    </Paper>
  );
}
