// What is open, live: the page that stays on a screen all day and opens on a phone at night.
import { Badge, Button, Collapse, Group, Paper, Select, Stack, Text, TextInput, Title } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { memo, useMemo, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";

import { api, got } from "../api/client";
import { useEvery, useNarrow, useNow } from "../live";
import { Begin, useIsEmpty } from "../parts/begin";
import { Hints } from "../parts/hints";
import { LongList } from "../parts/longlist";
import { Empty, Failure, Waiting } from "../parts/states";
import { Together } from "../parts/together";
import { age, changed, type Glance, happened, SEVERITY, spelt, surely, VERDICT } from "../words";

const STATUSES = [
  { value: "unresolved", label: "not resolved" },
  { value: "open", label: "open" },
  { value: "acknowledged", label: "acknowledged" },
  { value: "resolved", label: "resolved" },
] as const;
const SEVERITIES = Object.keys(SEVERITY);
const PAGE = 100;
const KEEP_FRESH = 5; // pages; who has scrolled further reads, and is not asked for everything again every few seconds

type Status = (typeof STATUSES)[number]["value"];

function asked(params: URLSearchParams) {
  const [service, severity, q] = [params.get("service"), params.get("severity"), params.get("q")];
  return {
    status: (params.get("status") ?? "unresolved") as Status,
    ...(service ? { service } : {}), ...(severity ? { severity: severity as Glance["incident"]["severity"] } : {}), ...(q ? { q } : {}),
  };
}

export function Now() {
  const [params] = useSearchParams();
  const every = useEvery();
  const empty = useIsEmpty();
  const found = useInfiniteQuery({
    queryKey: ["incidents", params.toString()],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/now", { params: { query: { ...asked(params), limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > KEEP_FRESH ? false : every),
    placeholderData: keepPreviousData,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items), [found.data]);
  return (
    <Stack gap="md">
      <Group justify="space-between" wrap="nowrap">
        <Title order={1} size="h2">Now</Title>
        <Text c="dimmed" size="sm" aria-live="polite">{rows && `${rows.length}${found.hasNextPage ? " or more" : ""} ${rows.length === 1 ? "incident" : "incidents"}`}</Text>
      </Group>
      {!empty && <Hints />}
      <Together />
      {!empty && <Filters />}
      {found.isPending && <Waiting />}
      {found.isError && !rows && <Failure error={found.error} again={() => void found.refetch()} />}
      {rows?.length === 0 && (empty ? <Begin /> : <Quiet filtered={params.size > 0} />)}
      {rows && rows.length > 0 && <Rows rows={rows} more={found.hasNextPage && !found.isFetchingNextPage ? () => void found.fetchNextPage() : undefined} />}
    </Stack>
  );
}

function Filters() {
  const [params, setParams] = useSearchParams();
  const narrow = useNarrow();
  const [opened, { toggle }] = useDisclosure(params.size > 0);
  const set = (name: string, value: string | null) =>
    setParams((old) => {
      const next = new URLSearchParams(old);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    }, { replace: true });
  const fields = (
    <Group gap="xs" align="flex-end" grow={narrow} preventGrowOverflow={false}>
      <Select aria-label="status" data={[...STATUSES]} value={params.get("status") ?? "unresolved"} w={narrow ? undefined : 150} allowDeselect={false}
        onChange={(value) => set("status", value === "unresolved" ? null : value)} />
      <Select aria-label="severity" placeholder="any severity" data={SEVERITIES} value={params.get("severity")} w={narrow ? undefined : 140} clearable
        onChange={(value) => set("severity", value)} />
      <TextInput aria-label="service" placeholder="any service" value={params.get("service") ?? ""} w={narrow ? undefined : 150}
        onChange={(event) => set("service", event.currentTarget.value)} />
      <TextInput aria-label="words" placeholder="words in title or text" value={params.get("q") ?? ""} flex="1 1 10rem"
        onChange={(event) => set("q", event.currentTarget.value)} />
    </Group>
  );
  if (!narrow) return fields;
  return (
    <Stack gap="xs">
      <Button variant="default" size="xs" w="fit-content" onClick={toggle} aria-expanded={opened}>
        {params.size ? `Filters (${params.size})` : "Filters"}
      </Button>
      <Collapse expanded={opened}>{fields}</Collapse>
    </Stack>
  );
}

const WIDE = 104;
const TALL = 162; // on a phone, where the title and what is told take a line more each

function Rows({ rows, more }: { rows: Glance[]; more: (() => void) | undefined }) {
  const [chosen, choose] = useState<string | null>(null);
  const go = useNavigate();
  const now = useNow();
  const height = useNarrow() ? TALL : WIDE;
  const at = rows.findIndex((row) => row.incident.id === chosen);
  const move = (by: number) => choose(rows[Math.min(Math.max(at + by, 0), rows.length - 1)]?.incident.id ?? null);
  useHotkeys([
    ["j", () => move(1)],
    ["k", () => move(-1)],
    ["Enter", () => { if (at >= 0 && chosen) void go(`/incidents/${encodeURIComponent(chosen)}`); }],
  ]);
  return (
    <LongList label="incidents" rows={rows} height={height} idOf={(row) => row.incident.id} chosen={at} more={more}>
      {(row, selected) => (
        <Link to={`/incidents/${encodeURIComponent(row.incident.id)}`} className="onrecall-row" {...(selected ? { "data-selected": true } : {})}>
          <Row row={row} now={now} height={height - 8} />
        </Link>
      )}
    </LongList>
  );
}

/** Drawn anew only when it says something else: a list that scrolls draws itself sixty times a second. */
const Row = memo(function Row({ row, now, height }: { row: Glance; now: number; height: number }) {
  const { incident } = row;
  return (
    <Paper withBorder px="sm" py={8} h={height} className="onrecall-card">
      <Group gap="xs" justify="space-between" wrap="nowrap">
        <Group gap={6} wrap="nowrap" miw={0}>
          <Badge color={SEVERITY[incident.severity]} variant="light" flex="none">{incident.severity}</Badge>
          {incident.service && <Text size="sm" fw={600} truncate>{incident.service}</Text>}
          {row.alerts > 1 && <Badge variant="default" tt="none" flex="none">{row.alerts} alerts</Badge>}
          {incident.status !== "open" && <Badge variant="default" flex="none">{incident.status}</Badge>}
          {incident.assignee && <Text size="xs" c="dimmed" truncate>{incident.assignee}</Text>}
        </Group>
        <Text size="xs" c="dimmed" flex="none" title={incident.started_at}>{age(incident.started_at, now)}</Text>
      </Group>
      <Text fw={500} title={incident.title} className="onrecall-title">{incident.title}</Text>
      <Told row={row} />
      <Text size="xs" c="dimmed" truncate>
        {incident.id}{row.last && ` · ${happened(row.last.type)} ${age(row.last.at, now)} ago`}{row.change && ` · ${changed(row.change)}`}
      </Text>
    </Paper>
  );
});

function Told({ row: { answer } }: { row: Glance }) {
  if (!answer) return <Text size="xs" c="dimmed">looking for what broke like this before…</Text>;
  return (
    <div className="onrecall-told">
      <Badge size="sm" color={VERDICT[answer.verdict].color} variant="light" flex="none">{VERDICT[answer.verdict].words}</Badge>
      <Text size="xs" fw={answer.confidence ? 600 : 400} {...(answer.confidence ? {} : { c: "dimmed" })} flex="none">{surely(answer)}</Text>
      {answer.cause && <Text size="xs" truncate className="onrecall-told-cause">{answer.cause_label ? spelt(answer.cause_label) : answer.cause}</Text>}
    </div>
  );
}

function Quiet({ filtered }: { filtered: boolean }) {
  const [, setParams] = useSearchParams();
  if (filtered) return <Empty title="No incidents match"><Button variant="default" onClick={() => setParams({}, { replace: true })}>Clear filters</Button></Empty>;
  return (
    <Empty title="All quiet">
      <Stack align="center" gap="sm">
        <span>New alerts appear here within seconds, marked <em>seen before</em> or <em>never seen</em>.</span>
        <Group gap="xs" justify="center">
          <Button component={Link} to="/ask" variant="light">Ask memory something</Button>
          <Button component={Link} to="/system/senders" variant="default">Connect a source</Button>
        </Group>
      </Stack>
    </Empty>
  );
}
