// Who changed what, newest first, and whether that account is whole.
import { Alert, Badge, Button, Code, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue, useDisclosure } from "@mantine/hooks";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "react-router";

import { api, dataOf, type Schemas } from "../api/client";
import { countText, happened } from "../format";
import { Id } from "../parts/copy";
import { Entries, Entry } from "../parts/entry";
import { Empty, Failure, QueryState } from "../parts/states";
import { TimeAgo } from "../parts/time-ago";

type Row = Schemas["AuditedOut"];

const WHAT = [
  "incident changed", "alerts received", "document put", "document deleted", "archive exported", "archive loaded", "key created", "key replaced",
  "key revoked", "key used", "key refused", "delivery sent", "delivery dead", "delivery resent", "model called",
];

export function Audit() {
  const [params, setParams] = useSearchParams();
  const what = WHAT.find((choice) => choice === params.get("what")) ?? null;
  const [who, setWho] = useState("");
  const [searched] = useDebouncedValue(who.trim(), 250);
  const auditPages = useInfiniteQuery({
    queryKey: ["audit", what, searched],
    queryFn: ({ pageParam }) => dataOf(api.GET("/api/v1/audit", { params: { query: { limit: 50, ...(what ? { what } : {}), ...(searched ? { who: searched } : {}), ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
  });
  const rows = auditPages.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed" maw={720}>Every change, one per row. Each row contains the hash of the row before it, so the check detects rows that were changed, removed or moved.</Text>
      <Check />
      <Group align="flex-end" grow preventGrowOverflow={false}>
        <Select label="What" placeholder="everything" data={WHAT} value={what} clearable miw={180} onChange={(value) => setParams(value ? { what: value } : {}, { replace: true })} />
        <TextInput label="Who" placeholder="the name of a key" value={who} onChange={(event) => setWho(event.currentTarget.value)} miw={180} />
      </Group>
      <QueryState query={auditPages} rows={5} height={56} />
      {auditPages.isSuccess && rows.length === 0 && <Empty title={what || searched ? "No such row" : "No changes yet"}>{what || searched ? "No change matches the filter." : "The first change creates the first row."}</Empty>}
      <Entries label="audit">{rows.map((row) => <AuditEntry key={row.seq} row={row} />)}</Entries>
      {auditPages.hasNextPage && <Button variant="default" loading={auditPages.isFetchingNextPage} onClick={() => void auditPages.fetchNextPage()}>Show older rows</Button>}
    </Stack>
  );
}

function Check() {
  const check = useMutation({ mutationFn: () => dataOf(api.GET("/api/v1/audit/verify")) });
  return (
    <Stack gap="xs" align="flex-start">
      <Button variant="light" loading={check.isPending} onClick={() => check.mutate()}>Check all rows</Button>
      {check.isError && <Failure error={check.error} again={() => check.mutate()} />}
      {check.data && (
        <Alert w="100%" role="status" color={check.data.whole ? "teal" : "red"} title={check.data.whole ? `${check.data.rows === 1 ? "The only row is" : `All ${check.data.rows.toLocaleString()} rows are`} present and unchanged` : `The check of ${countText(check.data.rows, "row")} found problems`}>
          {check.data.wrong.map((problem) => <Text key={problem} size="sm">{problem}</Text>)}
          {check.data.whole && <Text size="sm">Somebody who can write to the database could still recreate all rows. Record the newest row&#39;s number and hash elsewhere from time to time, and compare.</Text>}
        </Alert>
      )}
    </Stack>
  );
}

/** What happened to an incident, as its row counts it: "note added · "; of other rows nothing. */
function summary(detail: Row["detail"]): string {
  const { events } = detail as { events?: unknown };
  if (typeof events !== "object" || events === null) return "";
  return `${Object.entries(events).map(([type, count]) => `${happened(type)}${Number(count) > 1 ? ` × ${Number(count)}` : ""}`).join(", ")} · `;
}

function AuditEntry({ row }: { row: Row }) {
  const [opened, { toggle }] = useDisclosure(false);
  return (
    <Entry label={`row ${row.seq}`} name={row.what} badges={row.about && <Id value={row.about} />}
      about={<>{summary(row.detail)}row {row.seq.toLocaleString()} · {row.who ? `by ${row.who}` : "without a key"} · <TimeAgo at={row.at} /></>}
      actions={<Button size="compact-xs" variant="subtle" onClick={toggle} aria-expanded={opened}>{opened ? "Less" : "More"}</Button>}>
      {opened && (
        <Stack gap={4}>
          <Code block className="onrecall-command" tabIndex={0}>{JSON.stringify(row.detail, null, 2)}</Code>
          <Group gap="xs"><Badge variant="default" tt="none">hash</Badge><Id value={row.hash} />{row.previous && <><Badge variant="default" tt="none">of the row before</Badge><Id value={row.previous} /></>}</Group>
        </Stack>
      )}
    </Entry>
  );
}
