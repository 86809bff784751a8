// Who changed what, newest first, and whether that account is whole.
import { Alert, Badge, Button, Code, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue, useDisclosure } from "@mantine/hooks";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "react-router";

import { api, got, type Schemas } from "../api/client";
import { Id } from "../parts/copy";
import { Entries, Entry } from "../parts/entry";
import { Empty, Failure, Waiting } from "../parts/states";
import { When } from "../parts/when";

type Row = Schemas["AuditedOut"];

const WHAT = [
  "incident changed", "alerts received", "document put", "document deleted", "archive exported", "archive loaded", "key created", "key replaced",
  "key revoked", "key used", "key refused", "delivery sent", "delivery dead", "delivery resent", "model called",
];

export function Audit() {
  const [params, setParams] = useSearchParams();
  const what = WHAT.find((one) => one === params.get("what")) ?? null;
  const [who, setWho] = useState("");
  const [asked] = useDebouncedValue(who.trim(), 250);
  const found = useInfiniteQuery({
    queryKey: ["audit", what, asked],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/audit", { params: { query: { limit: 50, ...(what ? { what } : {}), ...(asked ? { who: asked } : {}), ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
  });
  const rows = found.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed" maw={720}>Every change, one per row. Each row contains the hash of the row before it, so the check detects rows that were changed, removed or moved.</Text>
      <Check />
      <Group align="flex-end" grow preventGrowOverflow={false}>
        <Select label="What" placeholder="everything" data={WHAT} value={what} clearable miw={180} onChange={(value) => setParams(value ? { what: value } : {}, { replace: true })} />
        <TextInput label="Who" placeholder="the name of a key" value={who} onChange={(event) => setWho(event.currentTarget.value)} miw={180} />
      </Group>
      {found.isPending && <Waiting rows={5} height={56} />}
      {found.isError && <Failure error={found.error} again={() => void found.refetch()} />}
      {found.isSuccess && rows.length === 0 && <Empty title={what || asked ? "No such row" : "No changes yet"}>{what || asked ? "No change matches the filter." : "The first change creates the first row."}</Empty>}
      <Entries label="audit">{rows.map((row) => <One key={row.seq} row={row} />)}</Entries>
      {found.hasNextPage && <Button variant="default" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>Show older rows</Button>}
    </Stack>
  );
}

function Check() {
  const check = useMutation({ mutationFn: () => got(api.GET("/api/v1/audit/verify")) });
  return (
    <Stack gap="xs" align="flex-start">
      <Button variant="light" loading={check.isPending} onClick={() => check.mutate()}>Check all rows</Button>
      {check.isError && <Failure error={check.error} again={() => check.mutate()} />}
      {check.data && (
        <Alert w="100%" role="status" color={check.data.whole ? "teal" : "red"} title={check.data.whole ? `All ${check.data.rows.toLocaleString()} rows are present and unchanged` : `The check of ${check.data.rows.toLocaleString()} rows found problems`}>
          {check.data.wrong.map((one) => <Text key={one} size="sm">{one}</Text>)}
          {check.data.whole && <Text size="sm">Somebody who can write to the database could still recreate all rows. Record the newest row&#39;s number and hash elsewhere from time to time, and compare.</Text>}
        </Alert>
      )}
    </Stack>
  );
}

function One({ row }: { row: Row }) {
  const [opened, { toggle }] = useDisclosure(false);
  return (
    <Entry label={`row ${row.seq}`} name={row.what} badges={row.about && <Id value={row.about} />}
      about={<>row {row.seq.toLocaleString()} · {row.who ? `by ${row.who}` : "without a key"} · <When at={row.at} /></>}
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
