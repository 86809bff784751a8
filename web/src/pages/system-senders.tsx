// What can send alerts here, when each was heard last, how to point it here; and what of it could not be read.
import { Accordion, Alert, Anchor, Badge, Button, Code, Group, Stack, Text, Textarea, TextInput, Title } from "@mantine/core";
import { useDebouncedValue, useDisclosure } from "@mantine/hooks";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";

import { api, dataOf, type Schemas } from "../api/client";
import { unlessFailed } from "../failures";
import { isAddress } from "../address";
import { useNow } from "../live-updates";
import { mayChange, useMe } from "../current-user";
import { Command } from "../parts/copy";
import { Entries, Entry } from "../parts/entry";
import { Markdown } from "../parts/markdown";
import { Rehearsal } from "../parts/rehearsal";
import { QueryState } from "../parts/states";
import { InlineCode } from "../parts/inline-code";
import { showError, showSuccess } from "../parts/toasts";
import { TimeAgo } from "../parts/time-ago";
import { age, countText } from "../format";

type Sender = Schemas["SenderOut"];
type Part = Schemas["StoredRejectedPartOut"];

const EVERY_MS = 5_000;

export function Senders() {
  const [server, setServer] = useState(location.origin);
  const [wanted, setWanted] = useState("");
  const [opened, setOpened] = useState<string | null>(null);
  const activity = useQuery({ queryKey: ["senders"], queryFn: () => dataOf(api.GET("/api/v1/senders")), refetchInterval: unlessFailed(EVERY_MS) });
  if (!activity.data) return <QueryState query={activity} rows={6} height={56} />;
  const right = isAddress(server);
  const senders = [...activity.data.items].sort(lately).filter((sender) => `${nameOf(sender)} ${sender.name}`.toLowerCase().includes(wanted.toLowerCase().trim()));
  const heardCount = activity.data.items.filter((sender) => sender.heard_at).length;
  return (
    <Stack gap="lg">
      <Stack gap="sm">
        <Text size="sm" c="dimmed" maw={720}>
          {heardCount === 0 ? "No sender has sent anything yet. Choose a tool and paste its configuration; it appears here after its first message." : `${heardCount} of ${activity.data.items.length} have sent messages. Open one to see how to connect it.`}
        </Text>
        <Group align="flex-start" grow preventGrowOverflow={false}>
          <TextInput label="Find a sender" placeholder="Grafana" value={wanted} onChange={(event) => setWanted(event.currentTarget.value)} miw={200} />
          <TextInput label="Address at which senders reach this server" value={server} onChange={(event) => setServer(event.currentTarget.value)} miw={240}
            error={right ? null : "Write it with http:// or https://"} />
        </Group>
        <Accordion variant="separated" chevronPosition="left" order={2} value={opened} onChange={setOpened}>
          {senders.map((sender) => <SenderEntry key={sender.name} sender={sender} server={right ? server : location.origin} opened={opened === sender.name} />)}
        </Accordion>
        {senders.length === 0 && <Text size="sm">No sender has this name. For tools that can post JSON, use <b>Anything else</b>.</Text>}
      </Stack>
      <Rejected />
    </Stack>
  );
}

const nameOf = (sender: Sender): string => (sender.name.startsWith("generic/") ? sender.name : sender.title);
const lately = (sender: Sender, other: Sender): number =>
  (other.heard_at ?? "").localeCompare(sender.heard_at ?? "") || nameOf(sender).localeCompare(nameOf(other));

function SenderEntry({ sender, server, opened }: { sender: Sender; server: string; opened: boolean }) {
  const now = useNow(5_000);
  return (
    <Accordion.Item value={sender.name}>
      <Accordion.Control>
        <Group gap="xs" justify="space-between">
          <Text fw={600} size="sm">{nameOf(sender)}</Text>
          <Group gap={6}>
            {sender.rejected > 0 && <Badge color="orange" variant="light" tt="none">{sender.rejected.toLocaleString()} unread</Badge>}
            {sender.heard_at
              ? <Badge color="teal" variant="light" tt="none">received {age(sender.heard_at, now)} ago</Badge>
              : <Badge color="gray" variant="light" tt="none">no messages yet</Badge>}
          </Group>
        </Group>
      </Accordion.Control>
      <Accordion.Panel>
        {opened && (
          <Stack gap="sm">
            {sender.heard_at && (
              <Text size="sm" component="div">Last message <TimeAgo at={sender.heard_at} />. Stored: {countText(sender.alerts, "alert")}, {countText(sender.notes, "note")}, {countText(sender.changes, "change")}.</Text>
            )}
            {Object.entries(sender.set_aside).map(([purpose, { count, last_at }]) => (
              <Text key={purpose} size="sm" component="div">{countText(count, SET_ASIDE[purpose] ?? purpose)} stored without an incident; the last one <TimeAgo at={last_at} />.</Text>
            ))}
            <Command text={`${new URL(server).origin}${sender.address}`} />
            <Shows sender={sender} />
            <Guide name={sender.name} server={new URL(server).origin} />
            <Rehearsal name={sender.name} />
          </Stack>
        )}
      </Accordion.Panel>
    </Accordion.Item>
  );
}

const SET_ASIDE: Readonly<Record<string, string>> = { test: "test", heartbeat: "heartbeat", planned: "planned message", informational: "informational message" };

/** Configuration to paste, with the address that was put in, and what else is good to know of the tool. */
function Guide({ name, server }: { name: string; server: string }) {
  const [url] = useDebouncedValue(server, 300);
  const detail = useQuery({
    queryKey: ["source", name, url],
    queryFn: () => dataOf(api.GET("/api/v1/sources/{name}", { params: { path: { name }, query: { url } } })),
    placeholderData: (before) => before,
  });
  if (!detail.data) return <QueryState query={detail} rows={2} height={48} />;
  const { setup, notes, documentation, title, sends_end: sendsEnd } = detail.data;
  return (
    <>
      <Markdown text={setup} />
      {!sendsEnd && <Text size="sm">It never reports the end of an alert, so its alerts expire.</Text>}
      <Markdown text={notes} />
      {documentation && <Anchor href={documentation} target="_blank" rel="noreferrer" size="sm">{title}: its own documentation</Anchor>}
    </>
  );
}

/** How its messages authenticate with the current settings. */
function Shows({ sender }: { sender: Sender }) {
  const me = useMe();
  const secret = <Code>ONRECALL_WEBHOOK_SECRETS</Code>;
  if (sender.shows === "signature") return <Alert color="teal" variant="light" p="xs">The secret is set, so its messages must be signed; a key alone is not enough.</Alert>;
  const open = me.data?.locked === false;
  return (
    <Alert color="blue" variant="light" p="xs">
      <Stack gap="xs" align="flex-start">
        <Text size="sm" component="div">
          {sender.shows === "routing key" && <>It sends a key with the role <b>ingest</b> as its routing key.</>}
          {sender.shows === "key" && <>It sends a key with the role <b>ingest</b>.</>}
          {sender.shows === "signature or key" && <>It signs its messages once its secret is in {secret}; until then it must send a key with the role <b>ingest</b>.</>}
          {open && " No key exists yet, so only programs on this machine can send."}
        </Text>
        <Anchor component={Link} to={`/system/keys?name=${encodeURIComponent(sender.name)}&role=ingest`} size="sm">Create a key for it</Anchor>
      </Stack>
    </Alert>
  );
}

function Rejected() {
  const rejected = useInfiniteQuery({
    queryKey: ["rejected"],
    queryFn: ({ pageParam }) => dataOf(api.GET("/api/v1/rejected", { params: { query: { limit: 20, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    refetchInterval: unlessFailed(EVERY_MS),
  });
  const parts = rejected.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Stack gap="sm" component="section" aria-label="Could not be read">
      <Title order={2} size="h4">Could not be read</Title>
      <QueryState query={rejected} rows={2} height={64} />
      {rejected.isSuccess && parts.length === 0 && <Text size="sm" c="dimmed">Every message could be read.</Text>}
      {parts.length > 0 && <Text size="sm" c="dimmed">The rest of each message was stored. These parts wait until you correct them, or until OnRecall can read them.</Text>}
      <Entries label="unread parts">{parts.map((part) => <Unread key={part.id} part={part} />)}</Entries>
      {rejected.hasNextPage && <Button variant="default" loading={rejected.isFetchingNextPage} onClick={() => void rejected.fetchNextPage()}>Show more</Button>}
    </Stack>
  );
}

function Unread({ part }: { part: Part }) {
  const queries = useQueryClient();
  const me = useMe();
  const [opened, { toggle }] = useDisclosure(false);
  const [text, setText] = useState(part.raw);
  const mended = text !== part.raw;
  const retry = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/rejected/{rejected_id}/retry", { params: { path: { rejected_id: part.id } }, ...(mended ? { body: JSON.parse(text) as never } : {}) })),
    onSuccess: () => {
      showSuccess("It is stored.");
      void queries.invalidateQueries({ queryKey: ["rejected"] });
      void queries.invalidateQueries({ queryKey: ["senders"] });
    },
    onError: showError,
  });
  return (
    <Entry name={part.source} label={`unread part ${part.id}`} badges={<Badge variant="default" tt="none">{part.field ?? part.where}</Badge>}
      about={<><InlineCode text={part.message} /> · <TimeAgo at={part.received_at} /></>}
      actions={<>
        <Button size="xs" variant="default" onClick={toggle} aria-expanded={opened}>{opened ? "Close" : "Look at it"}</Button>
        <Button size="xs" variant="light" loading={retry.isPending} disabled={!mayChange(me.data?.role) || !sound(text, mended)} onClick={() => retry.mutate()}>{mended ? "Retry corrected" : "Try again"}</Button>
      </>}>
      {opened && (
        <Textarea label={`What was sent (in ${part.where}); correct it here`} value={text} onChange={(event) => setText(event.currentTarget.value)} autosize minRows={3} maxRows={16}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }} error={sound(text, mended) ? null : "This is not JSON"} />
      )}
    </Entry>
  );
}

function sound(text: string, mended: boolean): boolean {
  if (!mended) return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
