// What is open, live: the page that stays on a screen all day and opens on a phone at night.
import { Badge, Button, Group, Paper, Select, Stack, Text, TextInput, Title } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";

import { api, got } from "../api/client";
import { useEvery, useNow, useStatus } from "../live";
import { Empty, Failure, Waiting } from "../parts/states";
import { StormSize } from "../parts/storm";
import { age, type Incident, type Recommendation, SEVERITY, trust, VERDICT } from "../words";

const STATUSES = [
  { value: "unresolved", label: "not resolved" },
  { value: "open", label: "open" },
  { value: "acknowledged", label: "acknowledged" },
  { value: "resolved", label: "resolved" },
] as const;
const SEVERITIES = Object.keys(SEVERITY);

type Wanted = "open" | "acknowledged" | "resolved";

async function list(params: URLSearchParams): Promise<Incident[]> {
  const status = params.get("status") ?? "unresolved";
  const wanted: Wanted[] = status === "unresolved" ? ["open", "acknowledged"] : [status as Wanted];
  const pages = await Promise.all(
    wanted.map((one) => got(api.GET("/api/v1/incidents", { params: { query: { status: one, limit: 100, ...rest(params) } } }))),
  );
  return pages.flatMap((page) => page.items).sort((one, other) => Date.parse(other.started_at) - Date.parse(one.started_at));
}

function rest(params: URLSearchParams) {
  const [service, severity, q] = [params.get("service"), params.get("severity"), params.get("q")];
  return { ...(service ? { service } : {}), ...(severity ? { severity: severity as Incident["severity"] } : {}), ...(q ? { q } : {}) };
}

export function Now() {
  const [params] = useSearchParams();
  const found = useQuery({
    queryKey: ["incidents", params.toString()],
    queryFn: () => list(params),
    refetchInterval: useEvery(),
    placeholderData: keepPreviousData,
  });
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Title order={1} size="h2">Now</Title>
        {found.data && <Text c="dimmed" size="sm" aria-live="polite">{found.data.length} {found.data.length === 1 ? "incident" : "incidents"}</Text>}
      </Group>
      <Example />
      <Filters />
      {found.isPending && <Waiting />}
      {found.isError && !found.data && <Failure error={found.error} again={() => void found.refetch()} />}
      {found.data?.length === 0 && <Quiet filtered={params.size > 0} />}
      {found.data && found.data.length > 0 && <Rows incidents={found.data} />}
    </Stack>
  );
}

function Filters() {
  const [params, setParams] = useSearchParams();
  const set = (name: string, value: string | null) =>
    setParams((old) => {
      const next = new URLSearchParams(old);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    }, { replace: true });
  return (
    <Group gap="xs" align="flex-end">
      <Select aria-label="status" data={[...STATUSES]} value={params.get("status") ?? "unresolved"} w={150} allowDeselect={false}
        onChange={(value) => set("status", value === "unresolved" ? null : value)} />
      <Select aria-label="severity" placeholder="any severity" data={SEVERITIES} value={params.get("severity")} w={140} clearable
        onChange={(value) => set("severity", value)} />
      <TextInput aria-label="service" placeholder="any service" value={params.get("service") ?? ""} w={150}
        onChange={(event) => set("service", event.currentTarget.value)} />
      <TextInput aria-label="words" placeholder="words in title or text" value={params.get("q") ?? ""} flex="1 1 10rem"
        onChange={(event) => set("q", event.currentTarget.value)} />
    </Group>
  );
}

function Rows({ incidents }: { incidents: Incident[] }) {
  const [selected, setSelected] = useState(-1);
  const rows = useRef<(HTMLAnchorElement | null)[]>([]);
  const go = useNavigate();
  const move = (by: number) => setSelected((at) => Math.min(Math.max(at + by, 0), incidents.length - 1));
  useHotkeys([
    ["j", () => move(1)],
    ["k", () => move(-1)],
    ["Enter", () => { const one = incidents[selected]; if (one) void go(`/incidents/${encodeURIComponent(one.id)}`); }],
  ]);
  useEffect(() => {
    rows.current[selected]?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  const now = useNow();
  return (
    <Stack gap="xs" role="list" aria-label="incidents">
      {incidents.map((incident, n) => (
        <Link key={incident.id} to={`/incidents/${encodeURIComponent(incident.id)}`} className="onrecall-row" role="listitem"
          ref={(row) => { rows.current[n] = row; }} {...(n === selected ? { "data-selected": true } : {})}>
          <Row incident={incident} now={now} />
        </Link>
      ))}
    </Stack>
  );
}

function Row({ incident, now }: { incident: Incident; now: number }) {
  return (
    <Paper withBorder p="sm" mih={88}>
      <Stack gap={4}>
        <Group gap="xs" justify="space-between" wrap="nowrap">
          <Group gap={6}>
            <Badge color={SEVERITY[incident.severity]} variant="light">{incident.severity}</Badge>
            {incident.service && <Text size="sm" fw={600}>{incident.service}</Text>}
            <StormSize id={incident.id} />
            {incident.status !== "open" && <Badge variant="default">{incident.status}</Badge>}
          </Group>
          <Text size="xs" c="dimmed" flex="none" title={incident.started_at}>{age(incident.started_at, now)}</Text>
        </Group>
        <Text lineClamp={2} className="onrecall-wrap">{incident.title}</Text>
        <Told incident={incident} />
      </Stack>
    </Paper>
  );
}

function Told({ incident }: { incident: Incident }) {
  const answer = useAnswer(incident.id);
  if (!answer) return <Text size="xs" c="dimmed">{incident.id} · looking for what broke like this before…</Text>;
  return (
    <Group gap={6}>
      <Badge size="sm" color={VERDICT[answer.verdict].color} variant="light">{VERDICT[answer.verdict].words}</Badge>
      {answer.cause && <Text size="xs" lineClamp={1} flex="1 1 10rem">{answer.cause}</Text>}
      <Text size="xs" c="dimmed">{incident.id} · {trust(answer)}</Text>
    </Group>
  );
}

/** The newest answer to an incident; asked for often only while there is none. */
export function useAnswer(id: string): Recommendation | undefined {
  const answer = useQuery({
    queryKey: ["answer", id],
    queryFn: () => got(api.GET("/api/v1/incidents/{incident_id}/recommendation", { params: { path: { incident_id: id } } })),
    retry: false,
    refetchInterval: (query) => (query.state.data ? 15_000 : 2_000),
  });
  return answer.data;
}

function Example() {
  const status = useStatus();
  if (!status.data?.counts["incidents"]) return null;
  return status.data.counts["example"] ? <Text size="sm" c="dimmed">The history here is example data.</Text> : null;
}

function Quiet({ filtered }: { filtered: boolean }) {
  if (filtered) return <Empty title="Nothing fits these filters">Take one away to see more.</Empty>;
  return (
    <Empty title="All quiet">
      <Stack align="center" gap="sm">
        <span>When an alert comes in, it stands here with what broke like this before, what fixed it, and how far to trust that.</span>
        <Button component={Link} to="/ask" variant="light">Ask memory something</Button>
      </Stack>
    </Empty>
  );
}
