// What is expected: maintenance windows, heartbeats and whether they are heard, and every alert that opened no incident, with why.
import { Badge, Button, Group, NumberInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { api, dataOf, type Schemas } from "../api/client";
import { unlessFailed } from "../failures";
import { mayChange, useMe } from "../current-user";
import { useNarrow } from "../live-updates";
import { UngroupedAlerts } from "../parts/ungrouped-alerts";
import { Entries, Entry } from "../parts/entry";
import { QueryState } from "../parts/states";
import { showError, showSuccess } from "../parts/toasts";
import { TimeAgo } from "../parts/time-ago";

type Window = Schemas["MaintenanceOut"];
type Heartbeat = Schemas["HeartbeatOut"];

const EVERY_MS = 10_000;
const HOUR_MS = 3_600_000;
const STATE = { active: "teal", scheduled: "blue", over: "gray" } as const;

export function Maintenance() {
  return (
    <Stack gap="lg">
      <Windows />
      <Heartbeats />
      <Stack gap="sm" component="section" aria-label="No incidents">
        <Title order={2} size="h4">Stored, but no incident</Title>
        <UngroupedAlerts />
      </Stack>
    </Stack>
  );
}

function Windows() {
  const windows = useQuery({ queryKey: ["maintenance"], queryFn: () => dataOf(api.GET("/api/v1/maintenance")), refetchInterval: unlessFailed(EVERY_MS) });
  return (
    <Stack gap="sm" component="section" aria-label="Maintenance windows">
      <Title order={2} size="h4">Maintenance windows</Title>
      <Text size="sm" c="dimmed" maw={720}>During a window, matching alerts open no incident and notify nobody. Alerts that still fire at its end do.</Text>
      <AddWindow />
      <QueryState query={windows} rows={2} height={56} />
      {windows.isSuccess && windows.data.items.length === 0 && <Text size="sm" c="dimmed">No maintenance window is active or planned.</Text>}
      <Entries label="maintenance windows">{(windows.data?.items ?? []).map((window) => <WindowEntry key={window.id} window={window} />)}</Entries>
    </Stack>
  );
}

function WindowEntry({ window }: { window: Window }) {
  const queries = useQueryClient();
  const me = useMe();
  const end = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/maintenance/{window_id}/end", { params: { path: { window_id: window.id } } })),
    onSuccess: () => {
      showSuccess(`The maintenance of ${window.scope} has ended.`);
      void queries.invalidateQueries({ queryKey: ["maintenance"] });
    },
    onError: showError,
  });
  return (
    <Entry name={window.scope} label={`maintenance ${window.id}`} badges={<Badge color={STATE[window.state]} variant="light" tt="none">{window.state}</Badge>}
      about={<>{window.reason && <>{window.reason} · </>}<TimeAgo at={window.starts_at} /> to <TimeAgo at={window.ends_at} />{window.created_by && <> · {window.created_by}</>}</>}
      actions={<Button size="xs" variant="default" loading={end.isPending} disabled={!mayChange(me.data?.role)} onClick={() => end.mutate()}>End now</Button>} />
  );
}

/** `name=value, name=value` as labels; null where a part is none. */
export function labelsOf(text: string): Record<string, string> | null {
  const labels: Record<string, string> = {};
  for (const part of text.split(",").map((piece) => piece.trim()).filter(Boolean)) {
    const at = part.indexOf("=");
    if (at < 1) return null;
    labels[part.slice(0, at).trim()] = part.slice(at + 1).trim();
  }
  return labels;
}

function AddWindow() {
  const queries = useQueryClient();
  const me = useMe();
  const [service, setService] = useState("");
  const [labels, setLabels] = useState("");
  const [reason, setReason] = useState("");
  const [hours, setHours] = useState<number | string>(2);
  const named = labelsOf(labels);
  const narrow = useNarrow();
  const lasts = Number(hours);
  const ready = named !== null && (service.trim() !== "" || Object.keys(named).length > 0) && lasts > 0;
  const add = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/maintenance", {
      body: { ...(service.trim() ? { service: service.trim() } : {}), labels: named ?? {}, reason, ends_at: new Date(Date.now() + lasts * HOUR_MS).toISOString() },
    })),
    onSuccess: (window) => {
      showSuccess(`The maintenance window of ${window.scope} is set.`);
      setService("");
      setLabels("");
      setReason("");
      void queries.invalidateQueries({ queryKey: ["maintenance"] });
    },
    onError: showError,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) add.mutate();
  };
  return (
    <form onSubmit={submit} aria-label="add a maintenance window">
      <Group align="flex-end" gap="sm" grow={narrow} preventGrowOverflow={false}>
        <TextInput label="Service" placeholder="checkout" value={service} onChange={(event) => setService(event.currentTarget.value)} maxLength={300} />
        <TextInput label="Labels" placeholder="cluster=eu-1, team=pay" value={labels} onChange={(event) => setLabels(event.currentTarget.value)} error={named === null ? "Write name=value" : null} />
        <NumberInput label="Hours from now" value={hours} onChange={setHours} min={0.25} max={720} step={1} miw={130} />
        <TextInput label="Reason" placeholder="PostgreSQL is upgraded" value={reason} onChange={(event) => setReason(event.currentTarget.value)} maxLength={1000} />
        <Button type="submit" loading={add.isPending} disabled={!ready || !mayChange(me.data?.role)}>Add</Button>
      </Group>
    </form>
  );
}

function Heartbeats() {
  const heartbeats = useQuery({ queryKey: ["heartbeats"], queryFn: () => dataOf(api.GET("/api/v1/heartbeats")), refetchInterval: unlessFailed(EVERY_MS) });
  return (
    <Stack gap="sm" component="section" aria-label="Heartbeats">
      <Title order={2} size="h4">Heartbeats</Title>
      <Text size="sm" c="dimmed" maw={720}>Alerts that always fire, such as Watchdog. If one stops arriving, OnRecall raises an alert.</Text>
      <QueryState query={heartbeats} rows={1} height={56} />
      {heartbeats.isSuccess && heartbeats.data.items.length === 0 && <Text size="sm" c="dimmed">No heartbeat has arrived yet.</Text>}
      <Entries label="heartbeats">{(heartbeats.data?.items ?? []).map((heartbeat) => <HeartbeatEntry key={`${heartbeat.source} ${heartbeat.key}`} heartbeat={heartbeat} />)}</Entries>
    </Stack>
  );
}

function HeartbeatEntry({ heartbeat }: { heartbeat: Heartbeat }) {
  const queries = useQueryClient();
  const me = useMe();
  const { source, key, title, missing_since: missing, last_at: last, patience_seconds: patience } = heartbeat;
  const forget = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/heartbeats/forget", { body: { source, key } })),
    onSuccess: () => {
      showSuccess(`${title} is no longer expected.`);
      void queries.invalidateQueries({ queryKey: ["heartbeats"] });
    },
    onError: showError,
  });
  return (
    <Entry name={title} label={`heartbeat ${title} of ${source}`}
      badges={<><Badge variant="default" tt="none">{source}</Badge><Badge color={missing ? "red" : "teal"} variant="light" tt="none">{missing ? "missing" : "there"}</Badge></>}
      about={<>received <TimeAgo at={last} />{patience !== null && `; missed after ${Math.round(patience / 60)} min`}</>}
      actions={<Button size="xs" variant="default" loading={forget.isPending} disabled={!mayChange(me.data?.role)} onClick={() => forget.mutate()}>Stop expecting it</Button>} />
  );
}
