// What people do with an incident: acknowledge, resolve, reopen, merge, and rate its answer.
import { Button, Group, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, dataOf } from "../api/client";
import { mayChange, useMe } from "../current-user";
import type { Incident, Recommendation } from "../format";
import type { Draft } from "../resolve-form";
import { outcomeOf, type StepOutcomes } from "../step-outcomes";
import { Postmortem } from "./postmortem";
import { Resolve } from "./resolve";
import { Failure } from "./states";
import { Merge } from "./storm";

export function Helped({ answer, incident, marked }: { answer: Recommendation; incident: string; marked: StepOutcomes }) {
  const locked = !mayChange(useMe().data?.role);
  const tell = useMutation({
    mutationFn: (verdict: "helped" | "did_not_help") => dataOf(api.POST("/api/v1/recommendations/{recommendation_id}/outcome", {
      params: { path: { recommendation_id: answer.id } },
      body: { ...outcomeOf(incident, marked), verdict },
    })),
  });
  if (locked) return null;
  return (
    <Group gap="xs">
      <Text size="sm">Did this answer help?</Text>
      {(["helped", "did_not_help"] as const).map((verdict) => (
        <Button key={verdict} size="xs" variant={tell.variables === verdict ? "filled" : "default"} aria-pressed={tell.variables === verdict} onClick={() => tell.mutate(verdict)}>
          {verdict === "helped" ? "It helped" : "It did not"}
        </Button>
      ))}
      {tell.isSuccess && <Text size="sm" c="dimmed" role="status">Thank you. Later answers take it into account.</Text>}
      {tell.isError && <Failure error={tell.error} />}
    </Group>
  );
}

export interface Resolving {
  opened: boolean;
  open: () => void;
  toggle: () => void;
  close: () => void;
}

export function useResolving(): Resolving {
  const [opened, { open, toggle, close }] = useDisclosure(false);
  return { opened, open, toggle, close };
}

interface IncidentActionsProps {
  incident: Incident;
  answer: Recommendation | undefined;
  drafts: readonly Draft[];
  resolving: Resolving;
}

export function IncidentActions({ incident, answer, drafts, resolving }: IncidentActionsProps) {
  const queries = useQueryClient();
  const [merging, merge] = useDisclosure(false);
  const role = useMe().data?.role;
  const path = { params: { path: { incident_id: incident.id } } };
  const again = () => void queries.invalidateQueries();
  const acknowledge = useMutation({ mutationFn: () => dataOf(api.POST("/api/v1/incidents/{incident_id}/acknowledge", path)), onSuccess: again });
  const reopen = useMutation({ mutationFn: () => dataOf(api.POST("/api/v1/incidents/{incident_id}/reopen", path)), onSuccess: again });
  const error = acknowledge.error ?? reopen.error;
  const over = incident.status === "resolved";
  if (!mayChange(role)) return <Group gap="xs"><Text size="sm" c="dimmed">Your role is {role}: you can read this incident, not change it.</Text>{over && <Postmortem id={incident.id} />}</Group>;
  return (
    <Stack gap="sm">
      <Group gap="xs">
        {incident.status === "open" && <Button variant="default" onClick={() => acknowledge.mutate()} loading={acknowledge.isPending}>Acknowledge</Button>}
        {!over && <Button onClick={resolving.toggle} aria-expanded={resolving.opened}>Resolve…</Button>}
        {over && !incident.resolution && <Button variant="default" onClick={resolving.toggle} aria-expanded={resolving.opened}>Add the cause…</Button>}
        {over && <Button variant="default" onClick={() => reopen.mutate()} loading={reopen.isPending}>Reopen</Button>}
        {!over && <Button variant="default" onClick={merge.toggle} aria-expanded={merging}>Merge…</Button>}
        {over && <Postmortem id={incident.id} />}
      </Group>
      {error && <Failure error={error} />}
      {merging && <Merge incident={incident} done={merge.close} />}
      {resolving.opened && <Resolve incident={incident} answer={answer} marked={drafts} done={() => { resolving.close(); again(); }} />}
    </Stack>
  );
}
