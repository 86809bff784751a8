// What is open, live: the page that stays on a screen all day and opens on a phone at night.
import { ActionIcon, Badge, Button, Collapse, Group, NativeSelect, Paper, Stack, Text, TextInput, Title, UnstyledButton } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconBaselineDensityMedium, IconBaselineDensitySmall } from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { memo, Suspense, useCallback, useDeferredValue, useMemo, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";

import { api, dataOf } from "../api/client";
import { type Density, useDensity } from "../density";
import { lazily } from "../lazily";
import { useEvery, useIsEmpty, useNarrow, useNow } from "../live-updates";
import { nowQuery, orderIn, STATUSES } from "../now-query";
import { COLUMNS, type Group as ServiceGroup, grouped, isGroup, loudness, orderOf, pressed } from "../incident-order";
import { Hints } from "../parts/hints";
import { VirtualList } from "../parts/virtual-list";
import { ServiceLink } from "../parts/service-link";
import { Empty, Failure, Waiting } from "../parts/states";
import { BeganTogether } from "../parts/began-together";
import { age, changed, countText, type IncidentSummary, happened, moment, SEVERITY, labelText, confidenceText, VERDICT } from "../format";

const GettingStarted = lazily(() => import("../parts/getting-started").then((part) => part.GettingStarted));
const Aside = lazily(() => import("../parts/ungrouped-alerts").then((part) => part.UngroupedAlerts));

const SEVERITIES = [{ value: "", label: "any severity" }, ...Object.keys(SEVERITY)];
const FILTERS = ["status", "severity", "service", "q"];
const KEEP_FRESH = 5; // pages; who has scrolled further reads, and is not asked for everything again every few seconds

/** The address with these parts; null takes one out. */
function withParams(old: URLSearchParams, parts: Readonly<Record<string, string | null>>): URLSearchParams {
  const next = new URLSearchParams(old);
  for (const [name, value] of Object.entries(parts)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  return next;
}

export function Now() {
  const [params] = useSearchParams();
  const every = useEvery();
  const empty = useIsEmpty();
  const byService = params.has("group");
  const overview = useInfiniteQuery({
    queryKey: ["incidents", params.toString()],
    queryFn: ({ pageParam }) => dataOf(api.GET("/api/v1/now", { params: { query: { ...nowQuery(params), ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > KEEP_FRESH ? false : every),
    placeholderData: keepPreviousData,
  });
  const rows = useDeferredValue(useMemo(() => overview.data?.pages.flatMap((page) => page.items), [overview.data]));
  const filtered = FILTERS.some((name) => params.has(name));
  return (
    <Stack gap="md">
      <Group justify="space-between" wrap="nowrap">
        <Title order={1} size="h2">Now</Title>
        <Text c="dimmed" size="sm" component="div"><span aria-live="polite">{rows && `${rows.length}${overview.hasNextPage ? " or more" : ""} ${rows.length === 1 ? "incident" : "incidents"}`}</span> · <Link to="/services">all services</Link></Text>
      </Group>
      {!empty && <Hints />}
      <BeganTogether />
      {!empty && <Filters />}
      {!rows && !overview.isError && <Waiting />}
      {overview.isError && !rows && <Failure error={overview.error} again={() => void overview.refetch()} />}
      {rows?.length === 0 && (empty ? <Suspense fallback={<Waiting rows={1} />}><GettingStarted /></Suspense> : <Quiet filtered={filtered} />)}
      {rows && rows.length > 0 && <Rows rows={rows} byService={byService} more={overview.hasNextPage && !overview.isFetchingNextPage ? () => void overview.fetchNextPage() : undefined} />}
      {rows && !empty && <NoIncidents />}
    </Stack>
  );
}

/** What came in and opened no incident, with the reasons; fetched once somebody wants to see it. */
function NoIncidents() {
  const [opened, { toggle }] = useDisclosure(false);
  return (
    <Stack gap="sm" component="section" aria-label="no incidents">
      <Button variant="subtle" size="xs" w="fit-content" onClick={toggle} aria-expanded={opened}>{opened ? "Hide what" : "What"} did not become an incident, and why</Button>
      {opened && <Suspense fallback={<Waiting rows={2} height={56} />}><Aside /></Suspense>}
    </Stack>
  );
}

function Filters() {
  const [params, setParams] = useSearchParams();
  const narrow = useNarrow();
  const active = FILTERS.filter((name) => params.has(name)).length;
  const [opened, { toggle }] = useDisclosure(active > 0);
  const set = (name: string, value: string | null) => setParams((old) => withParams(old, { [name]: value }), { replace: true });
  const fields = (
    <Group gap="xs" align="flex-end" grow={narrow} preventGrowOverflow={false}>
      <NativeSelect aria-label="status" data={[...STATUSES]} value={params.get("status") ?? "unresolved"} w={narrow ? undefined : 150}
        onChange={({ currentTarget: { value } }) => set("status", value === "unresolved" ? null : value)} />
      <NativeSelect aria-label="severity" data={SEVERITIES} value={params.get("severity") ?? ""} w={narrow ? undefined : 140}
        onChange={(event) => set("severity", event.currentTarget.value || null)} />
      <TextInput aria-label="service" placeholder="any service" value={params.get("service") ?? ""} w={narrow ? undefined : 150}
        onChange={(event) => set("service", event.currentTarget.value)} />
      <TextInput aria-label="words" placeholder="words in title or text" value={params.get("q") ?? ""} flex="1 1 10rem"
        onChange={(event) => set("q", event.currentTarget.value)} />
    </Group>
  );
  if (!narrow) return <Group gap="xs" wrap="nowrap" align="flex-end"><div className="onrecall-grow">{fields}</div><GroupButton wide /><DensityButton /></Group>;
  return (
    <Stack gap="xs">
      <Group gap="xs" wrap="nowrap">
      <Button variant="default" size="xs" flex="none" onClick={toggle} aria-expanded={opened}>
        {active ? `Filters (${active})` : "Filters"}
      </Button>
      <SortSelect />
      <GroupButton />
      <DensityButton />
      </Group>
      <Collapse expanded={opened}>{fields}</Collapse>
    </Stack>
  );
}

/** A column's head on a wide screen: pressed, the list is in its order. */
function Heads() {
  const [params, setParams] = useSearchParams();
  const now = orderIn(params);
  return (
    <div className="onrecall-heads" role="group" aria-label="order">
      {COLUMNS.map((column) => {
        const active = now.sort === column.sort;
        const words = column.words[active ? now.order : column.first];
        return (
          <UnstyledButton key={column.sort} className="onrecall-head" data-column={column.sort} aria-pressed={active} aria-label={`sort by ${column.name.toLowerCase()}, ${active ? `now ${words}` : words}`} title={words}
            onClick={() => setParams((old) => withParams(old, { ...pressed(column, now), group: null }), { replace: true })}>
            {column.name}{active && <span aria-hidden> {now.order === "asc" ? "↑" : "↓"}</span>}
          </UnstyledButton>
        );
      })}
    </div>
  );
}

/** The same on a phone. */
function SortSelect() {
  const [params, setParams] = useSearchParams();
  const now = orderOf(params);
  const choices = COLUMNS.flatMap((column) => (["desc", "asc"] as const).map((order) => ({ value: `${column.sort} ${order}`, label: column.short[order] })));
  const choose = (value: string) => {
    const [sort = null, order = null] = value.split(" ");
    setParams((old) => withParams(old, { sort, order, group: null }), { replace: true });
  };
  return <NativeSelect aria-label="order" size="xs" data={choices} value={params.has("group") ? "service asc" : `${now.sort} ${now.order}`} onChange={(event) => choose(event.currentTarget.value)} flex="1 1 8rem" miw={0} />;
}

function GroupButton({ wide = false }: { wide?: boolean }) {
  const [params, setParams] = useSearchParams();
  const on = params.has("group");
  return <Button flex="none" variant={on ? "light" : "default"} size={wide ? "sm" : "xs"} aria-pressed={on} aria-label="group by service" onClick={() => setParams((old) => withParams(old, { group: on ? null : "service" }), { replace: true })}>{wide ? "Group by service" : "Group"}</Button>;
}

/** Switches between rows with all their lines and rows with the first ones. */
function DensityButton() {
  const narrow = useNarrow();
  const [density, toggle] = useDensity();
  const compact = density === "compact";
  const Icon = compact ? IconBaselineDensityMedium : IconBaselineDensitySmall;
  return <ActionIcon variant="default" size={narrow ? 30 : 36} flex="none" aria-pressed={compact} aria-label="compact rows" title={compact ? "comfortable rows" : "compact rows"} onClick={toggle}><Icon size={16} aria-hidden /></ActionIcon>;
}

const WIDE = { comfortable: 86, compact: 58 };
const TALL = { comfortable: 108, compact: 90 }; // on a phone, with one line of title and one of the answer
const TITLE_LINE = 23;
const CAUSE_LINE = 18;
const LETTERS = 34; // of a title on a phone's line

/** Whether a phone needs two lines for a title; letters of Chinese, Japanese and Korean are twice as wide. */
const isLong = (title: string): boolean => [...title].reduce((width, letter) => width + (letter.codePointAt(0)! > 0x2e80 ? 2 : 1), 0) > LETTERS;

/** The height of a card: nothing is cut off, and no room is left empty. */
const tall = ({ incident, answer }: IncidentSummary, density: Density): number =>
  TALL[density] + (density === "compact" ? 0 : (isLong(incident.title) ? TITLE_LINE : 0) + (answer?.cause ? CAUSE_LINE : 0));

const GROUP = 40;
const idOf = (row: ServiceGroup | IncidentSummary): string => (isGroup(row) ? `service ${row.service ?? ""}` : row.incident.id);

interface RowsProps {
  rows: IncidentSummary[];
  byService: boolean;
  more: (() => void) | undefined;
}

function Rows({ rows, byService, more }: RowsProps) {
  const [chosen, choose] = useState<string | null>(null);
  const go = useNavigate();
  const now = useNow();
  const narrow = useNarrow();
  const [density] = useDensity();
  const rowHeight = useCallback((row: IncidentSummary) => (narrow ? tall(row, density) : WIDE[density]), [narrow, density]);
  const heightOf = useCallback((row: ServiceGroup | IncidentSummary) => (isGroup(row) ? GROUP : rowHeight(row)), [rowHeight]);
  const listed = useMemo(() => (byService ? grouped(rows) : rows), [byService, rows]);
  const at = rows.findIndex((row) => row.incident.id === chosen);
  const move = (by: number) => choose(rows[Math.min(Math.max(at + by, 0), rows.length - 1)]?.incident.id ?? null);
  useHotkeys([
    ["j", () => move(1)],
    ["k", () => move(-1)],
    ["Enter", () => { if (at >= 0 && chosen) void go(`/incidents/${encodeURIComponent(chosen)}`); }],
  ]);
  return (
    <div data-density={density}>
      {!narrow && <Heads />}
      <VirtualList label="incidents" rows={listed} height={byService || narrow ? heightOf : WIDE[density]} idOf={idOf} chosen={at < 0 ? at : listed.findIndex((row) => idOf(row) === chosen)} more={more}>
        {(row, selected) => isGroup(row) ? <GroupHead group={row} /> : (
          <div className="onrecall-row" {...(selected ? { "data-selected": true } : {})}>
            {narrow ? <Card row={row} now={now} height={rowHeight(row) - 8} /> : <Line row={row} now={now} height={rowHeight(row) - 6} />}
          </div>
        )}
      </VirtualList>
    </div>
  );
}

const GroupHead = ({ group }: { group: ServiceGroup }) => (
  <Group gap="xs" h={GROUP - 6} align="flex-end">
    <Text fw={700} component="div">{group.service ? <ServiceLink name={group.service} /> : "No service named"}</Text>
    <Text size="sm" c="dimmed">{countText(group.count, "incident")}</Text>
  </Group>
);

const LOUD = { calm: { c: "dimmed" }, plain: {}, loud: { c: "orange", fw: 700 } } as const;

function Age({ incident, now }: { incident: IncidentSummary["incident"]; now: number }) {
  const loud = incident.status === "resolved" ? LOUD.calm : LOUD[loudness(incident.started_at, now)];
  return <Text size="sm" flex="none" title={moment(incident.started_at)} {...loud}>{age(incident.started_at, now)}</Text>;
}

/** The link that the whole row is. */
const Whole = ({ incident, short = false }: { incident: IncidentSummary["incident"]; short?: boolean }) => (
  <Link to={`/incidents/${encodeURIComponent(incident.id)}`} className={`onrecall-whole onrecall-title ${short ? "onrecall-single" : ""}`} title={incident.title}>{incident.title}</Link>
);

interface RowProps {
  row: IncidentSummary;
  now: number;
  height: number;
}

const Status = ({ row }: { row: IncidentSummary }) => (
  <>
    {row.alerts > 1 && <Badge variant="default" size="sm" tt="none" flex="none">{row.alerts} alerts</Badge>}
    {row.incident.status !== "open" && <Badge variant="default" size="sm" tt="none" flex="none">{row.incident.status}</Badge>}
  </>
);

/** Drawn anew only when it says something else: a list that scrolls draws itself sixty times a second. */
const Line = memo(function Line({ row, now, height }: RowProps) {
  const { incident } = row;
  return (
    <Paper withBorder px="sm" h={height} className="onrecall-card onrecall-columns">
      {incident.severity === "unknown" ? <Text size="sm" c="dimmed" title="no severity is known">–</Text> : <Badge color={SEVERITY[incident.severity]} variant="light" maw="100%">{incident.severity}</Badge>}
      <div>
        <Group gap={8} wrap="nowrap"><Whole incident={incident} /><Status row={row} /></Group>
        <AnswerSummary row={row} />
        <Text size="xs" c="dimmed" truncate className="onrecall-row-more">{incident.id}{row.last && ` · ${happened(row.last.type)} ${age(row.last.at, now)} ago`}{row.change && ` · ${changed(row.change)}`}</Text>
      </div>
      <Text size="sm" component="div" truncate>{incident.service ? <ServiceLink name={incident.service} /> : <Text span c="dimmed">–</Text>}</Text>
      <Text size="sm" truncate {...(incident.assignee ? {} : { c: "dimmed" })} title={incident.assignee ?? "nobody is assigned"}>{incident.assignee ?? "–"}</Text>
      <Age incident={incident} now={now} />
    </Paper>
  );
});

const Card = memo(function Card({ row, now, height }: RowProps) {
  const { incident } = row;
  return (
    <Paper withBorder px="sm" py={8} h={height} className="onrecall-card">
      <Group gap="xs" justify="space-between" wrap="nowrap">
        <Group gap={6} wrap="nowrap" miw={0}>
          {incident.severity !== "unknown" && <Badge color={SEVERITY[incident.severity]} variant="light" flex="none">{incident.severity}</Badge>}
          {incident.severity === "unknown" && !incident.service && <Text size="sm" c="dimmed">no service named</Text>}
          {incident.service && <Text size="sm" component="div" truncate><ServiceLink name={incident.service} /></Text>}
          <Status row={row} />
        </Group>
        <Age incident={incident} now={now} />
      </Group>
      <Whole incident={incident} short={!isLong(incident.title)} />
      <AnswerSummary row={row} />
      <Text size="xs" c="dimmed" truncate className="onrecall-row-more">
        {incident.assignee && `${incident.assignee} · `}{incident.id}{row.last && ` · ${happened(row.last.type)} ${age(row.last.at, now)} ago`}{row.change && ` · ${changed(row.change)}`}
      </Text>
    </Paper>
  );
});

function AnswerSummary({ row: { answer } }: { row: IncidentSummary }) {
  if (!answer) return <Text size="xs" c="dimmed">searching for similar incidents…</Text>;
  return (
    <div className="onrecall-told">
      <Badge size="sm" color={VERDICT[answer.verdict].color} variant="light" flex="none">{VERDICT[answer.verdict].words}</Badge>
      <Text size="xs" fw={answer.confidence && answer.cause ? 600 : 400} {...(answer.confidence && answer.cause ? {} : { c: "dimmed" })} className="onrecall-told-trust">{confidenceText(answer)}</Text>
      {answer.cause && <Text size="xs" truncate className="onrecall-told-cause">{answer.cause_label ? labelText(answer.cause_label) : answer.cause}</Text>}
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
