// What is to be done so that an incident does not come back: shown, added, changed and closed in place.
import { ActionIcon, Anchor, Autocomplete, Badge, Button, Checkbox, Group, Paper, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPencil } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { Link } from "react-router";

import { type ActionDraft, type ActionItem, changesOf, draftOf, dueText, EMPTY_DRAFT, grouped, issueName } from "../action-items";
import { api, dataOf, Problem, type Schemas } from "../api/client";
import { unlessFailed } from "../failures";
import { mayChange, useMe } from "../current-user";
import type { Incident } from "../format";
import { issueOf } from "../issue-link";
import { useEvery } from "../live-updates";
import { Section } from "./section";
import { Citation } from "./citation";
import { CreateIssue } from "./create-issue";
import { Shortened } from "./shortened";
import { Failure, QueryFailure } from "./states";
import { showError } from "./toasts";

const incidentPath = (incident: string) => ({ params: { path: { incident_id: incident } } });
const itemPath = ({ incident, number }: Pick<ActionItem, "incident" | "number">) => ({ params: { path: { incident_id: incident, number } } });

/** The section on the page of an incident. */
export function ActionItems({ incident }: { incident: Incident }) {
  const actions = useQuery({ queryKey: ["actions", incident.id], queryFn: () => dataOf(api.GET("/api/v1/incidents/{incident_id}/actions", incidentPath(incident.id))), refetchInterval: unlessFailed(useEvery()) });
  const [adding, { open, close }] = useDisclosure(false);
  const locked = !mayChange(useMe().data?.role);
  const items = grouped(actions.data?.items ?? []).flatMap((group) => group.items);
  return (
    <Section title="Action items">
      <Stack gap="xs">
        <QueryFailure query={actions} />
        {actions.data && items.length === 0 && !adding && <Text size="sm" c="dimmed">Nothing is on record that would keep it from coming back.</Text>}
        {items.map((item) => <ActionRow key={item.number} item={item}><WrittenAt incident={incident} item={item} /></ActionRow>)}
        {adding && <Adding incident={incident.id} close={close} />}
        {!adding && !locked && (
          <Group gap="xs"><Button size="xs" variant="light" onClick={open}>Add action item…</Button><Anchor component={Link} to="/actions" size="sm">All action items</Anchor></Group>
        )}
      </Stack>
    </Section>
  );
}

/** The line of the postmortem that lists it. */
function WrittenAt({ incident, item }: { incident: Incident; item: ActionItem }) {
  const written = incident.action_items.find((other) => other.text === item.imported_text);
  return written?.line && incident.document ? <Citation short citation={{ id: incident.document, incident: incident.id, line: written.line, quote: written.text }} /> : null;
}

/** One action item; what is beside it, such as its incident, comes as children. */
export function ActionRow({ item, children }: { item: ActionItem; children?: ReactNode }) {
  const [editing, { open, close }] = useDisclosure(false);
  const locked = !mayChange(useMe().data?.role);
  const change = useChange(item);
  const closed = item.state !== "open";
  if (editing) return <Editing item={item} close={close} />;
  return (
    <Paper withBorder p="xs" component="article" aria-label={item.text} className={item.overdue ? "onrecall-overdue" : ""}>
      <Group gap="xs" align="flex-start" wrap="nowrap">
        <Checkbox aria-label={`done: ${item.text}`} checked={item.state === "done"} disabled={locked || change.isPending} mt={2} size="sm" onChange={(event) => change.mutate({ state: event.currentTarget.checked ? "done" : "open" })} />
        <Stack gap={4} flex={1} miw={0}>
          <Shortened text={item.text} lines={4} {...(closed ? { c: "dimmed" } : {})} {...(item.state === "dropped" ? { td: "line-through" } : {})} />
          <Group gap={8} className="onrecall-links">
            <State item={item} />
            {item.owner ? <Text span size="sm" className="onrecall-wrap">{item.owner}</Text> : !closed && <Text span size="sm" c="orange">no owner</Text>}
            {item.url && <Anchor href={item.url} target="_blank" rel="noreferrer" size="sm" className="onrecall-wrap">{issueName(item.url)}</Anchor>}
            {children}
            {!closed && !item.url && <NewIssue item={item} />}
          </Group>
        </Stack>
        {!locked && <ActionIcon variant="subtle" size="md" onClick={open} aria-label={`edit: ${item.text}`}><IconPencil size={16} aria-hidden /></ActionIcon>}
      </Group>
    </Paper>
  );
}

function State({ item }: { item: ActionItem }) {
  const due = dueText(item, new Date().toISOString().slice(0, 10));
  return (
    <>
      {item.state !== "open" && <Badge size="sm" variant="light" tt="none" color={item.state === "done" ? "teal" : "gray"}>{item.state}</Badge>}
      {due && (item.overdue ? <Badge variant="filled" color="red.8" tt="none">{due}</Badge> : <Text span size="sm" c="dimmed">{due}</Text>)}
    </>
  );
}

/** Opens the tracker's form: by the server's address for it, or by the one that this browser remembers. */
function NewIssue({ item }: { item: ActionItem }) {
  if (item.new_issue_url) return <Anchor href={item.new_issue_url} target="_blank" rel="noreferrer" size="sm" aria-label={`Create issue… ${item.text}`}>Create issue…</Anchor>;
  return <CreateIssue issue={issueOf(item, { id: item.incident, title: item.title, service: item.service }, `${location.origin}/incidents/${encodeURIComponent(item.incident)}`)} />;
}

function useRefresh() {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ predicate: ({ queryKey: [name] }) => ["actions", "incidents", "timeline", "recurrences"].includes(String(name)) });
}

const patch = (item: ActionItem) => (body: Schemas["ActionEditIn"]) => dataOf(api.PATCH("/api/v1/incidents/{incident_id}/actions/{number}", { ...itemPath(item), body }));

function useChange(item: ActionItem) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: patch(item),
    onSuccess: refresh,
    onError: showError,
  });
}

function Adding({ incident, close }: { incident: string; close: () => void }) {
  const refresh = useRefresh();
  const add = useMutation({
    mutationFn: (draft: ActionDraft) => dataOf(api.POST("/api/v1/incidents/{incident_id}/actions", { ...incidentPath(incident), body: { text: draft.text.trim(), owner: draft.owner.trim() || null, due: draft.due || null, url: draft.url.trim() || null } })),
    onSuccess: async () => { close(); await refresh(); },
  });
  return <Form label="add an action item" first={EMPTY_DRAFT} send={(draft) => add.mutate(draft)} sending={add.isPending} error={add.error} close={close} submit="Add" />;
}

function Editing({ item, close }: { item: ActionItem; close: () => void }) {
  const [opened] = useState(() => draftOf(item));
  const refresh = useRefresh();
  const save = useMutation({
    mutationFn: patch(item),
    onSuccess: async () => { close(); await refresh(); },
  });
  const send = (draft: ActionDraft) => {
    const body = changesOf(opened, draft);
    if (Object.keys(body).length === 0) close();
    else save.mutate(body);
  };
  const other = item.state === "open" ? ({ state: "dropped", words: "Drop it" } as const) : ({ state: "open", words: "Reopen it" } as const);
  return (
    <Form label="edit the action item" first={opened} send={send} sending={save.isPending} error={save.error} close={close} submit="Save">
      <Button variant="subtle" {...(item.state === "open" ? { color: "red" } : {})} onClick={() => save.mutate({ state: other.state })}>{other.words}</Button>
    </Form>
  );
}

interface FormProps {
  label: string;
  first: ActionDraft;
  send: (draft: ActionDraft) => void;
  sending: boolean;
  error: Error | null;
  close: () => void;
  submit: string;
  children?: ReactNode;
}

function Form({ label, first, send, sending, error, close, submit, children }: FormProps) {
  const [draft, setDraft] = useState(first);
  const change = (part: Partial<ActionDraft>) => setDraft((old) => ({ ...old, ...part }));
  const people = useQuery({ queryKey: ["people"], queryFn: () => dataOf(api.GET("/api/v1/people")) });
  const errorOf = (field: string) => (error instanceof Problem ? error.fields.find((wrong) => wrong.field === field)?.message : undefined);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (draft.text.trim()) send(draft);
  };
  return (
    <Paper withBorder p="sm" component="form" onSubmit={onSubmit} aria-label={label} onKeyDown={(event) => { if (event.key === "Escape" && !event.defaultPrevented) close(); }}>
      <Stack gap="xs">
        <Textarea label="What should be done" autosize minRows={1} maxRows={6} maxLength={2000} required autoFocus value={draft.text} onChange={(event) => change({ text: event.currentTarget.value.replaceAll("\n", " ") })} error={errorOf("text")} />
        <Group gap="sm" align="flex-start" grow preventGrowOverflow={false}>
          <Autocomplete label="Owner" placeholder="nobody yet" maxLength={200} data={people.data?.items ?? []} value={draft.owner} onChange={(owner) => change({ owner })} error={errorOf("owner")} flex="1 1 9rem" />
          <TextInput label="Due" type="date" value={draft.due} onChange={(event) => change({ due: event.currentTarget.value })} error={errorOf("due")} flex="1 1 9rem" />
        </Group>
        <TextInput label="Issue" type="url" placeholder="https://… once there is one" maxLength={2000} value={draft.url} onChange={(event) => change({ url: event.currentTarget.value })} error={errorOf("url")} />
        {error && !(error instanceof Problem && error.fields.length > 0) && <Failure error={error} />}
        <Group gap="xs">
          <Button type="submit" loading={sending} disabled={!draft.text.trim()}>{submit}</Button>
          <Button variant="default" onClick={close}>Cancel</Button>
          {children}
        </Group>
      </Stack>
    </Paper>
  );
}
