// What is remembered: old incidents, runbooks, postmortems; and bringing more in, looked at before it is kept.
import { Badge, Button, Group, Paper, SegmentedControl, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { Dropzone, type FileWithPath } from "@mantine/dropzone";
import { useDebouncedValue, useDisclosure } from "@mantine/hooks";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import { Link, useSearchParams } from "react-router";

import { api, got, Problem, type Schemas } from "../api/client";
import { keyOf } from "../api/key";
import { Lines } from "../parts/citation";
import { Empty, Failure, Waiting } from "../parts/states";
import { day, type Incident, SEVERITY, spelt } from "../words";

type Kind = "incidents" | "documents";

export function Memory() {
  const [params, setParams] = useSearchParams();
  const kind: Kind = params.get("kind") === "documents" ? "documents" : "incidents";
  const [importing, { toggle }] = useDisclosure(false);
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Title order={1} size="h2">Memory</Title>
        <Button variant="default" onClick={toggle} aria-expanded={importing}>Bring history in…</Button>
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
  const [asked] = useDebouncedValue(q, 250);
  useEffect(() => setParams((old) => { const next = new URLSearchParams(old); if (asked) next.set("q", asked); else next.delete("q"); return next; }, { replace: true }), [asked, setParams]);
  const found = useInfiniteQuery({
    queryKey: ["memory", asked],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/incidents", { params: { query: { limit: 100, ...(asked ? { q: asked } : {}), ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
  });
  const rows = found.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Stack gap="sm">
      <TextInput aria-label="search" placeholder="words in the title or the description" value={q} onChange={(event) => setQ(event.currentTarget.value)} />
      {found.isPending && <Waiting />}
      {found.isError && <Failure error={found.error} again={() => void found.refetch()} />}
      {found.isSuccess && rows.length === 0 && <Empty title={asked ? "Nothing has these words" : "Nothing is remembered yet"}>{asked ? "Try fewer words, or ask memory in a sentence instead." : "Bring in old incidents and runbooks: ServiceNow, Jira, PagerDuty, Opsgenie, GitHub, Markdown, CSV or JSON."}</Empty>}
      <Long rows={rows} more={found.hasNextPage && !found.isFetchingNextPage ? () => void found.fetchNextPage() : undefined} />
    </Stack>
  );
}

const ROW = 64;

/** Only the rows on the screen are drawn, so that ten thousand scroll as smoothly as ten. */
function Long({ rows, more }: { rows: Incident[]; more: (() => void) | undefined }) {
  const box = useRef<HTMLDivElement>(null);
  const shown = useWindowVirtualizer({ count: rows.length, estimateSize: () => ROW, overscan: 12, scrollMargin: box.current?.offsetTop ?? 0 });
  const drawn = shown.getVirtualItems();
  const last = drawn.at(-1)?.index ?? 0;
  useEffect(() => { if (more && rows.length && last >= rows.length - 20) more(); }, [last, more, rows.length]);
  return (
    <div ref={box} role="list" aria-label="remembered incidents" style={{ height: shown.getTotalSize(), position: "relative" }}>
      {drawn.map((row) => {
        const incident = rows[row.index];
        return incident && (
          <Link key={incident.id} role="listitem" className="onrecall-row" to={`/incidents/${encodeURIComponent(incident.id)}`}
            style={{ position: "absolute", top: 0, left: 0, right: 0, height: ROW, transform: `translateY(${row.start - shown.options.scrollMargin}px)` }}>
            <Remembered incident={incident} />
          </Link>
        );
      })}
    </div>
  );
}

function Remembered({ incident }: { incident: Incident }) {
  return (
    <Paper withBorder px="sm" py={6} h={ROW - 8}>
      <Group gap="xs" wrap="nowrap" justify="space-between">
        <Text size="sm" fw={500} truncate>{incident.title}</Text>
        <Text size="xs" c="dimmed" flex="none">{day(incident.started_at)}</Text>
      </Group>
      <Group gap={6} wrap="nowrap">
        <Badge size="xs" color={SEVERITY[incident.severity]} variant="light" flex="none">{incident.severity}</Badge>
        <Text size="xs" c="dimmed" truncate>
          {incident.id}{incident.service && ` · ${incident.service}`} · {incident.resolution?.cause ? spelt(incident.resolution.cause) : incident.resolution ? "cause told" : incident.status === "resolved" ? "no cause on record" : incident.status}
        </Text>
      </Group>
    </Paper>
  );
}

function Documents() {
  const [opened, setOpened] = useState<string | null>(null);
  const found = useQuery({ queryKey: ["documents"], queryFn: () => got(api.GET("/api/v1/documents", { params: { query: { limit: 200 } } })) });
  if (found.isPending) return <Waiting />;
  if (found.isError) return <Failure error={found.error} again={() => void found.refetch()} />;
  if (found.data.items.length === 0) return <Empty title="No runbooks yet">Drop a folder of Markdown files above.</Empty>;
  return (
    <Stack gap="xs">
      {found.data.items.map((document) => (
        <Paper key={document.id} withBorder p="sm">
          <Group justify="space-between" wrap="nowrap">
            <div style={{ minWidth: 0 }}>
              <Text fw={500} size="sm" className="onrecall-wrap">{document.title}</Text>
              <Text size="xs" c="dimmed" className="onrecall-wrap">{document.kind} · {document.id}{document.service && ` · ${document.service}`}</Text>
            </div>
            <Button size="xs" variant="default" flex="none" aria-expanded={opened === document.id} onClick={() => setOpened(opened === document.id ? null : document.id)}>{opened === document.id ? "Close" : "Open"}</Button>
          </Group>
          {opened === document.id && <Read id={document.id} />}
        </Paper>
      ))}
    </Stack>
  );
}

function Read({ id }: { id: string }) {
  const page = useQuery({ queryKey: ["page", id], queryFn: () => got(api.GET("/api/v1/pages/{thing_id}", { params: { path: { thing_id: id } } })) });
  if (page.isError) return <Failure error={page.error} />;
  return page.data ? <Lines page={page.data} /> : <Waiting rows={1} />;
}

type Report = Schemas["ImportOut"];
interface Brought {
  name: string;
  report?: Report;
  error?: Error;
}

async function send(file: FileWithPath, dry: boolean): Promise<Report> {
  const key = keyOf();
  const name = (file.path ?? file.name).replace(/^\.?\//, "");
  const answer = await fetch(`/api/v1/history?${new URLSearchParams({ name, dry_run: String(dry) })}`, {
    method: "POST",
    body: file,
    headers: { "Content-Type": file.type || "application/octet-stream", ...(key ? { Authorization: `Bearer ${key}` } : {}) },
  });
  const said = (await answer.json()) as Report & { title: string; detail: string };
  if (!answer.ok) throw new Problem(answer.status, said.title, said.detail);
  return said;
}

function Import() {
  const queries = useQueryClient();
  const [files, setFiles] = useState<FileWithPath[]>([]);
  const [brought, setBrought] = useState<Brought[]>([]);
  const run = useMutation({
    mutationFn: async ({ chosen, dry }: { chosen: FileWithPath[]; dry: boolean }) => {
      setBrought([]);
      for (const file of chosen) {
        const one: Brought = await send(file, dry).then((report) => ({ name: file.name, report }), (error: Error) => ({ name: file.name, error }));
        setBrought((all) => [...all, one]);
      }
    },
    onSuccess: (_, { dry }) => { if (!dry) { setFiles([]); void queries.invalidateQueries(); } },
  });
  const drop = (chosen: FileWithPath[]) => {
    setFiles(chosen);
    run.mutate({ chosen, dry: true });
  };
  const dry = run.variables?.dry ?? true;
  return (
    <Paper withBorder p="md">
      <Stack gap="sm">
        <Dropzone onDrop={drop} maxSize={64 * 1024 * 1024} aria-label="files to bring in">
          <Stack gap={4} align="center" py="md" style={{ pointerEvents: "none" }}>
            <Text fw={600}>Drop files here, or choose them</Text>
            <Text size="sm" c="dimmed" ta="center">ServiceNow, Jira, PagerDuty, Opsgenie, GitHub, Markdown, CSV, JSON. They are only looked at first; nothing is kept until you say so.</Text>
          </Stack>
        </Dropzone>
        {brought.length > 0 && <Reports brought={brought} dry={dry} />}
        {run.isPending && <Text size="sm" role="status">{dry ? "Looking at" : "Bringing in"} file {brought.length + 1} of {run.variables?.chosen.length}…</Text>}
        {files.length > 0 && !run.isPending && <Button w="fit-content" onClick={() => run.mutate({ chosen: files, dry: false })}>Bring {files.length === 1 ? "it" : "them"} in</Button>}
      </Stack>
    </Paper>
  );
}

function Reports({ brought, dry }: { brought: Brought[]; dry: boolean }) {
  return (
    <Table.ScrollContainer minWidth={300}>
      <Table>
        <Table.Thead><Table.Tr><Table.Th>file</Table.Th><Table.Th>{dry ? "would be new" : "new"}</Table.Th><Table.Th>changed</Table.Th><Table.Th>unchanged</Table.Th><Table.Th>left out</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {brought.map((one) => (
            <Table.Tr key={one.name}>
              <Table.Td className="onrecall-wrap">{one.name}</Table.Td>
              {one.report ? (
                <>
                  <Table.Td>{one.report.created}</Table.Td><Table.Td>{one.report.updated}</Table.Td><Table.Td>{one.report.unchanged}</Table.Td>
                  <Table.Td>{one.report.rejected.length}{one.report.rejected.slice(0, 5).map((part) => <Text key={part.where} size="xs" c="red">{part.where}: {part.message}</Text>)}{(one.report.notes ?? []).map((note) => <Text key={note} size="xs" c="dimmed">{note}</Text>)}</Table.Td>
                </>
              ) : (
                <Table.Td colSpan={4}><Text size="sm" c="red">{one.error?.message}</Text></Table.Td>
              )}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
