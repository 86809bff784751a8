// What people write while an incident goes on, here and at senders. What is being written survives a reload.
import { Badge, Button, Group, Paper, Stack, Text, Textarea } from "@mantine/core";
import { useSessionStorage } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { FormEvent, KeyboardEvent } from "react";

import { api, got, type Schemas } from "../api/client";
import { mayChange, useMe } from "../me";
import { Section } from "./answer";
import { Prose } from "./prose";
import { failed } from "./told";
import { When } from "./when";

type Note = Schemas["NoteOut"];
const HERE = "onrecall";
const at = (id: string) => ({ params: { path: { incident_id: id } } });

export function Notes({ id }: { id: string }) {
  const notes = useQuery({ queryKey: ["notes", id], queryFn: () => got(api.GET("/api/v1/incidents/{incident_id}/notes", at(id))), refetchInterval: 10_000 });
  const items = notes.data?.items ?? [];
  const cause = notes.data?.suggested_cause?.text;
  return (
    <Section title="Notes">
      <Stack gap="xs">
        {cause && (
          <Group gap="xs" align="baseline"><Badge variant="light" tt="none">suggested cause</Badge><Text size="sm" className="onrecall-wrap" flex="1 1 12rem">{cause}</Text></Group>
        )}
        {items.map((note) => <Written key={`${note.source}${note.at}${note.text ?? ""}`} note={note} />)}
        <Write id={id} first={items.length === 0} />
      </Stack>
    </Section>
  );
}

const Written = ({ note }: { note: Note }) => (
  <Paper withBorder p="xs" component="article" aria-label={`note by ${note.by ?? "somebody"}`}>
    <Text size="xs" c="dimmed" component="div">{note.by ?? (note.source === HERE ? "somebody on this server" : "somebody")}{note.source !== HERE && ` in ${note.source}`} · <When at={note.at} /></Text>
    {note.text ? <Prose text={note.text} /> : <Text size="sm">looks at it</Text>}
  </Paper>
);

function Write({ id, first }: { id: string; first: boolean }) {
  const queries = useQueryClient();
  const [text, setText] = useSessionStorage({ key: `onrecall-note-${id}`, defaultValue: "" });
  const locked = !mayChange(useMe().data?.role);
  const write = useMutation({
    mutationFn: () => got(api.POST("/api/v1/incidents/{incident_id}/notes", { ...at(id), body: { text } })),
    onSuccess: () => {
      setText("");
      void queries.invalidateQueries({ queryKey: ["notes", id] });
      void queries.invalidateQueries({ queryKey: ["timeline", id] });
    },
    onError: failed,
  });
  if (locked) return first ? <Text size="sm" c="dimmed">Nobody has written anything yet.</Text> : null;
  const submit = (event: FormEvent | KeyboardEvent) => {
    event.preventDefault();
    if (text.trim() && !write.isPending) write.mutate();
  };
  return (
    <form onSubmit={submit} aria-label="write a note">
      <Stack gap={6}>
        <Textarea aria-label="note" placeholder="What you see, what you did. Markdown." autosize minRows={2} maxRows={12} maxLength={20_000} value={text}
          onChange={(event) => setText(event.currentTarget.value)} onKeyDown={(event) => { if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) submit(event); }} />
        <Button type="submit" size="xs" variant="light" w="fit-content" disabled={!text.trim()} loading={write.isPending}>Add note</Button>
      </Stack>
    </form>
  );
}
