// What is remembered: old incidents, runbooks, postmortems; and bringing more in, looked at before it is kept.
import { Badge, Button, Group, Paper, SegmentedControl, Select, Stack, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedValue, useDisclosure, useHotkeys } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { memo, useEffect, useMemo, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";

import { api, dataOf } from "../api/client";
import { Lines } from "../parts/page-lines";
import { Import } from "../parts/import";
import { InlineCode } from "../parts/inline-code";
import { VirtualList } from "../parts/virtual-list";
import { ServiceLink } from "../parts/service-link";
import { Empty, QueryState } from "../parts/states";
import { withoutMarks } from "../plain-text";
import { day, type Incident, SEVERITY, labelText } from "../format";

type Kind = "incidents" | "documents";

export function Memory() {
  const [params, setParams] = useSearchParams();
  const kind: Kind = params.get("kind") === "documents" ? "documents" : "incidents";
  const [importing, { toggle }] = useDisclosure(params.has("import"));
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Title order={1} size="h2">Memory</Title>
        <Button variant="default" onClick={toggle} aria-expanded={importing}>Import…</Button>
      </Group>
      {importing && <Import />}
      <SegmentedControl value={kind} onChange={(value) => setParams({ kind: value }, { replace: true })} maw="100%"
        data={[{ value: "incidents", label: "Incidents" }, { value: "documents", label: "Runbooks, postmortems" }]} />
      {kind === "incidents" ? <Incidents /> : <Documents />}
    </Stack>
  );
}

function Incidents() {
  const [params, setParams] = useSearchParams();
  const [q, setQ] = useState(params.get("q") ?? "");
  const [searched] = useDebouncedValue(q, 250);
  useEffect(() => setParams((old) => { const next = new URLSearchParams(old); if (searched) next.set("q", searched); else next.delete("q"); return next; }, { replace: true }), [searched, setParams]);
  const incidents = useInfiniteQuery({
    queryKey: ["memory", searched],
    queryFn: ({ pageParam }) => dataOf(api.GET("/api/v1/incidents", { params: { query: { limit: 200, ...(searched ? { q: searched } : {}), ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
  });
  const rows = useMemo(() => incidents.data?.pages.flatMap((page) => page.items) ?? [], [incidents.data]);
  const at = useChosen(rows);
  return (
    <Stack gap="sm">
      <TextInput aria-label="search" placeholder="words in the title or the description" value={q} onChange={(event) => setQ(event.currentTarget.value)} />
      <QueryState query={incidents} />
      {incidents.isSuccess && rows.length === 0 && <Empty title={searched ? "Nothing contains these words" : "Memory is empty"}>{searched ? "Try fewer words, or ask memory in a sentence instead." : "Import earlier incidents and runbooks: ServiceNow, Jira, PagerDuty, Opsgenie, GitHub, Markdown, CSV or JSON."}</Empty>}
      <VirtualList label="remembered incidents" rows={rows} estimate={rowHeight} idOf={idOf} chosen={at}
        more={incidents.hasNextPage && !incidents.isFetchingNextPage ? () => void incidents.fetchNextPage() : undefined}>
        {(incident, selected) => (
          <Link className="onrecall-row" to={`/incidents/${encodeURIComponent(incident.id)}`} {...(selected ? { "data-selected": true } : {})}><Remembered incident={incident} /></Link>
        )}
      </VirtualList>
    </Stack>
  );
}

/** The row that `j` and `k` chose; `Enter` opens it. */
function useChosen(rows: readonly Incident[]): number {
  const [at, choose] = useState(-1);
  const go = useNavigate();
  const move = (by: number) => choose((now) => Math.min(Math.max(now + by, 0), rows.length - 1));
  useHotkeys([
    ["j", () => move(1)],
    ["k", () => move(-1)],
    ["Enter", () => { const row = rows[at]; if (row) void go(`/incidents/${encodeURIComponent(row.id)}`); }],
  ]);
  return at;
}

const ROW = 64;
const rowHeight = (): number => ROW;
const idOf = (incident: Incident): string => incident.id;

const Remembered = memo(function Remembered({ incident }: { incident: Incident }) {
  return (
    <Paper withBorder px="sm" py={6} className="onrecall-card">
      <Group gap="xs" wrap="nowrap" justify="space-between" align="baseline">
        <Text size="sm" fw={500} className="onrecall-title" title={incident.title}>{withoutMarks(incident.title)}</Text>
        <Text size="xs" c="dimmed" flex="none">{day(incident.started_at)}</Text>
      </Group>
      <Group gap={6} wrap="nowrap">
        {incident.severity !== "unknown" && <Badge size="xs" color={SEVERITY[incident.severity]} variant="light" flex="none">{incident.severity}</Badge>}
        <Text size="xs" c="dimmed" truncate>
          {incident.id}{incident.source === "example" && " · example"}{incident.service && ` · ${incident.service}`} · {incident.resolution?.cause ? labelText(incident.resolution.cause) : incident.resolution ? "cause on record" : incident.status === "resolved" ? "no cause on record" : incident.status}
        </Text>
      </Group>
    </Paper>
  );
});

const KINDS = [{ value: "runbook", label: "runbooks" }, { value: "postmortem", label: "postmortems" }, { value: "rca", label: "RCAs" }] as const;
type DocumentKind = (typeof KINDS)[number]["value"];

function Documents() {
  const [params, setParams] = useSearchParams();
  const only = params.get("only") as DocumentKind | null;
  const linked = params.get("open");
  const line = Number(params.get("line")) || undefined;
  const [opened, setOpened] = useState<string | null>(null);
  const documentPages = useInfiniteQuery({
    queryKey: ["documents", only],
    queryFn: ({ pageParam }) => dataOf(api.GET("/api/v1/documents", { params: { query: { limit: 100, ...(only ? { kind: only } : {}), ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
  });
  if (!documentPages.data) return <QueryState query={documentPages} />;
  const documents = documentPages.data.pages.flatMap((page) => page.items);
  return (
    <Stack gap="xs">
      <Select aria-label="kind of document" placeholder="all kinds" data={[...KINDS]} value={only} clearable w={180}
        onChange={(kind) => setParams({ kind: "documents", ...(kind ? { only: kind } : {}) }, { replace: true })} />
      {linked && <Linked key={linked} id={linked} line={line} close={() => setParams({ kind: "documents" }, { replace: true })} />}
      {documents.length === 0 && <Empty title={only ? "None of this kind" : "No runbooks yet"}>Import a folder of Markdown files, above.</Empty>}
      {documents.map((document) => (
        <Paper key={document.id} withBorder p="sm">
          <Group justify="space-between" wrap="nowrap">
            <div style={{ minWidth: 0 }}>
              <Text fw={500} size="sm" className="onrecall-wrap"><InlineCode text={document.title} /></Text>
              <Text size="xs" c="dimmed" className="onrecall-wrap">{document.kind === "rca" ? "RCA" : document.kind} · {document.id}{document.service && <> · <ServiceLink name={document.service} /></>}</Text>
            </div>
            <Button size="xs" variant="default" flex="none" aria-expanded={opened === document.id} aria-label={`${opened === document.id ? "close" : "open"} ${document.title}`} onClick={() => setOpened(opened === document.id ? null : document.id)}>{opened === document.id ? "Close" : "Open"}</Button>
          </Group>
          {opened === document.id && <Read id={document.id} />}
        </Paper>
      ))}
      {documentPages.hasNextPage && <Button variant="default" w="fit-content" loading={documentPages.isFetchingNextPage} onClick={() => void documentPages.fetchNextPage()}>Show more</Button>}
    </Stack>
  );
}

/** The document that the address names, on its line. */
function Linked({ id, line, close }: { id: string; line: number | undefined; close: () => void }) {
  return (
    <Paper withBorder p="sm" component="section" aria-label={`document ${id}`}>
      <Group justify="space-between" wrap="nowrap">
        <Text fw={600} size="sm" className="onrecall-wrap">{id}</Text>
        <Button size="xs" variant="default" flex="none" onClick={close}>Close</Button>
      </Group>
      <Read id={id} line={line} />
    </Paper>
  );
}

function Read({ id, line }: { id: string; line?: number | undefined }) {
  const page = useQuery({ queryKey: ["page", id], queryFn: () => dataOf(api.GET("/api/v1/pages/{thing_id}", { params: { path: { thing_id: id } } })) });
  return page.data ? <Lines page={page.data} {...(line ? { line } : {})} /> : <QueryState query={page} rows={1} />;
}
