// What an incident is made of: its alerts, the changes just before, and putting it right by hand.
import { Alert, Autocomplete, Button, Checkbox, Group, Paper, Stack, Text, UnstyledButton } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { api, dataOf, type Schemas } from "../api/client";
import { hasFailed, unlessFailed } from "../failures";
import { useEveryAnyway } from "../live-updates";
import { alertTimes, countText, type Incident, moment, durationText } from "../format";
import { InlineCode } from "./inline-code";
import { Section } from "./section";
import { ServiceLink } from "./service-link";
import { Failure, PartFailed } from "./states";

const SHOWN = 5;
const at = (id: string) => ({ params: { path: { incident_id: id } } });

export const useAlerts = (id: string) =>
  useQuery({ queryKey: ["alerts", id], queryFn: () => dataOf(api.GET("/api/v1/incidents/{incident_id}/alerts", at(id))), refetchInterval: unlessFailed(useEveryAnyway()) });

/** Says that alerts of a resolved incident have not ended: the fix may not have held, or their sender never tells. */
export function StillFiring({ id }: { id: string }) {
  const firing = useAlerts(id).data?.items.filter((alert) => alert.status === "firing") ?? [];
  if (firing.length === 0) return null;
  return (
    <Alert color="orange" p="xs" title={`${countText(firing.length, "alert")} still firing`}>
      The incident is resolved, but {firing.length === 1 ? "this alert has" : "these alerts have"} not ended: {firing.slice(0, 3).map((alert) => alert.title).join(", ")}{firing.length > 3 && " …"}
    </Alert>
  );
}

/** "deployed 6 minutes before" */
export function Changes({ changes }: { changes: readonly Schemas["ChangeBeforeOut"][] }) {
  if (changes.length === 0) return null;
  return (
    <Section title="Changed just before">
      <Stack gap={4}>
        {changes.map((change) => (
          <Text key={`${change.source}${change.key}`} size="sm" className="onrecall-wrap">
            <strong>{change.kind === "deployment" ? "Deployed" : "Changed"} {change.minutes_before < 1 ? "just" : durationText(change.minutes_before * 60)} before</strong>
            {change.service && <> · <ServiceLink name={change.service} /></>}: <InlineCode text={change.title} />
          </Text>
        ))}
      </Stack>
    </Section>
  );
}

export function Alerts({ incident }: { incident: Incident }) {
  const alerts = useAlerts(incident.id);
  const [all, setAll] = useState(false);
  const [chosen, setChosen] = useState<readonly number[]>([]);
  if (hasFailed(alerts)) return <Section title="Alerts"><PartFailed what="The alerts" again={() => void alerts.refetch()} /></Section>;
  if (!alerts.data || alerts.data.items.length === 0) return null;
  const items = alerts.data.items;
  const firing = items.filter((alert) => alert.status === "firing").length;
  const choose = (id: number, on: boolean) => setChosen((old) => (on ? [...old, id] : old.filter((chosenId) => chosenId !== id)));
  return (
    <Section title={`${items.length} ${items.length === 1 ? "alert" : "alerts"}, ${firing} firing`}>
      <Stack gap="xs">
        {items.slice(0, all ? undefined : SHOWN).map((alert) => (
          <Group key={alert.id} gap="xs" wrap="nowrap" align="flex-start">
            {items.length > 1 && <Checkbox aria-label={`choose ${alert.title}`} checked={chosen.includes(alert.id)} onChange={(event) => choose(alert.id, event.currentTarget.checked)} mt={2} />}
            <div style={{ minWidth: 0, flex: 1 }}>
              <Text size="sm" className="onrecall-wrap" lineClamp={2} title={alert.title}>{alert.title}</Text>
              <Text size="xs" c="dimmed" className="onrecall-wrap" title={moment(alert.starts_at)}>
                <Text span inherit fw={600} c={alert.status === "firing" ? "red" : "dimmed"}>{alertTimes(alert)}</Text>{alert.service && <> · <ServiceLink name={alert.service} /></>} · {alert.source}
              </Text>
              {alert.end_description && <Text size="xs" c="dimmed" className="onrecall-wrap" lineClamp={2} title={alert.end_description}>at the end: {alert.end_description}</Text>}
              <Because how={alert.joined} />
            </div>
          </Group>
        ))}
        {items.length > SHOWN && <Button size="xs" variant="default" w="fit-content" onClick={() => setAll(!all)} aria-expanded={all}>{all ? "Show fewer" : `Show all ${items.length}`}</Button>}
        {chosen.length > 0 && <Split incident={incident} alerts={chosen} done={() => setChosen([])} />}
      </Stack>
    </Section>
  );
}

/** Why an alert is here: two lines of it, the rest when it is touched. */
function Because({ how }: { how: Schemas["AlertOut"]["joined"] }) {
  const [whole, setWhole] = useState(false);
  const reasons = (how as { reasons?: unknown } | null)?.reasons;
  if (!Array.isArray(reasons) || reasons.length === 0) return null;
  return (
    <UnstyledButton onClick={() => setWhole(!whole)} aria-expanded={whole}>
      <Text size="xs" c="dimmed" className="onrecall-wrap" {...(whole ? {} : { lineClamp: 2 })}>here because: {reasons.join(", ")}</Text>
    </UnstyledButton>
  );
}

function Split({ incident, alerts, done }: { incident: Incident; alerts: readonly number[]; done: () => void }) {
  const queries = useQueryClient();
  const split = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/incidents/{incident_id}/split", { ...at(incident.id), body: { alerts: [...alerts] } })),
    onSuccess: () => { done(); void queries.invalidateQueries(); },
  });
  return (
    <Paper withBorder p="sm">
      <Group gap="sm">
        <Text size="sm" flex="1 1 14rem">{alerts.length === 1 ? "This alert is" : `These ${alerts.length} alerts are`} something else? OnRecall remembers it for the next time.</Text>
        <Button size="xs" h="auto" mih={30} py={4} classNames={{ label: "onrecall-breaks" }} onClick={() => split.mutate()} loading={split.isPending}>Make {alerts.length === 1 ? "it" : "them"} an incident of their own</Button>
      </Group>
      {split.isError && <Failure error={split.error} />}
    </Paper>
  );
}

export function Merge({ incident, done }: { incident: Incident; done: () => void }) {
  const queries = useQueryClient();
  const [into, setInto] = useState("");
  const merge = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/incidents/{incident_id}/merge", { ...at(incident.id), body: { into } })),
    onSuccess: () => { done(); void queries.invalidateQueries(); },
  });
  const open = useQuery({ queryKey: ["incidents", "to merge into"], queryFn: () => dataOf(api.GET("/api/v1/now", { params: { query: { limit: 200 } } })) });
  const others = (open.data?.items ?? []).flatMap(({ incident: other }) => (other.id === incident.id ? [] : [{ value: other.id, title: other.title }]));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    merge.mutate();
  };
  return (
    <Paper withBorder p="md" component="form" onSubmit={submit} aria-label="merge">
      <Group align="flex-end" gap="sm">
        <Autocomplete label="It is part of" description="the incident that it belongs to; its alerts go there" placeholder="INC-42" required value={into} onChange={(value) => setInto(value.trim())} flex="1 1 12rem"
          data={others.map((other) => other.value)} renderOption={({ option }) => <Text size="sm" className="onrecall-wrap">{option.value} · {others.find((other) => other.value === option.value)?.title}</Text>} />
        <Button type="submit" loading={merge.isPending}>Merge</Button>
      </Group>
      {hasFailed(open) && <PartFailed what="The open incidents" again={() => void open.refetch()} />}
      {merge.isError && <Failure error={merge.error} />}
    </Paper>
  );
}

/** A merge by hand or by grouping that was wrong: apart again, and remembered. */
export function Unmerge({ id, from }: { id: string; from: string }) {
  const queries = useQueryClient();
  const undo = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/incidents/{incident_id}/split", { ...at(from), body: { alerts: [], merged: id } })),
    onSuccess: () => void queries.invalidateQueries(),
  });
  return (
    <>
      {" "}<Button size="compact-xs" variant="default" onClick={() => undo.mutate()} loading={undo.isPending}>Undo the merge</Button>
      {undo.isError && <Failure error={undo.error} />}
    </>
  );
}
