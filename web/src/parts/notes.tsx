// What people write while an incident goes on, here and at senders. What is being written survives a reload.
import { Badge, Button, FileButton, Group, Paper, Stack, Text } from "@mantine/core";
import { useSessionStorage } from "@mantine/hooks";
import { IconPhoto } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ClipboardEvent, type DragEvent, type FormEvent, type KeyboardEvent, useRef, useState } from "react";

import { api, dataOf, type Schemas, sent } from "../api/client";
import { hasFailed, unlessFailed } from "../failures";
import { ACCEPTED, inserted, picturesIn, unfit } from "../images";
import { mayChange, useMe } from "../current-user";
import { useEvery } from "../live-updates";
import { GrowingTextarea } from "./growing-textarea";
import { Section } from "./section";
import { NoteImage } from "./note-image";
import { PartFailed } from "./states";
import { showError } from "./toasts";
import { TimeAgo } from "./time-ago";
import { WrittenText } from "./written-text";

type Note = Schemas["NoteOut"];
const HERE = "onrecall";
const at = (id: string) => ({ params: { path: { incident_id: id } } });

export function Notes({ id }: { id: string }) {
  const notes = useQuery({ queryKey: ["notes", id], queryFn: () => dataOf(api.GET("/api/v1/incidents/{incident_id}/notes", at(id))), refetchInterval: unlessFailed(useEvery()) });
  const items = notes.data?.items ?? [];
  const cause = notes.data?.suggested_cause?.text;
  return (
    <Section title="Notes">
      <Stack gap="xs">
        {cause && (
          <Group gap="xs" align="baseline"><Badge variant="light" tt="none">suggested cause</Badge><Text size="sm" className="onrecall-wrap" flex="1 1 12rem">{cause}</Text></Group>
        )}
        {hasFailed(notes) && <PartFailed what="The notes" again={() => void notes.refetch()} />}
        {items.map((note) => <Written key={`${note.source}${note.at}${note.text ?? ""}`} note={note} />)}
        <Write id={id} first={notes.isSuccess && items.length === 0} />
      </Stack>
    </Section>
  );
}

const Written = ({ note }: { note: Note }) => (
  <Paper withBorder p="xs" component="article" aria-label={`note by ${note.by ?? "somebody"}`}>
    <Text size="xs" c="dimmed" component="div">{note.by ?? (note.source === HERE ? "somebody on this server" : "somebody")}{note.source !== HERE && ` in ${note.source}`} · <TimeAgo at={note.at} /></Text>
    {note.text ? <WrittenText text={note.text} /> : <Text size="sm">is looking at it</Text>}
  </Paper>
);

function Write({ id, first }: { id: string; first: boolean }) {
  const queries = useQueryClient();
  const [text, setText] = useSessionStorage({ key: `onrecall-note-${id}`, defaultValue: "" });
  const box = useRef<HTMLTextAreaElement>(null);
  const pictures = usePictures(id, (markdown) => setText((old) => inserted(old, box.current?.selectionStart ?? old.length, markdown)));
  const locked = !mayChange(useMe().data?.role);
  const write = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/incidents/{incident_id}/notes", { ...at(id), body: { text } })),
    onSuccess: () => {
      setText("");
      void queries.invalidateQueries({ queryKey: ["notes", id] });
      void queries.invalidateQueries({ queryKey: ["timeline", id] });
    },
    onError: showError,
  });
  if (locked) return first ? <Text size="sm" c="dimmed">Nobody has written anything yet.</Text> : null;
  const submit = (event: FormEvent | KeyboardEvent) => {
    event.preventDefault();
    if (text.trim() && !write.isPending && pictures.sending === 0) write.mutate();
  };
  const take = (event: ClipboardEvent | DragEvent, files: FileList | undefined) => {
    if (!files?.length) return;
    event.preventDefault();
    pictures.add([...files]);
  };
  const shown = picturesIn(text);
  return (
    <form onSubmit={submit} aria-label="write a note">
      <Stack gap={6}>
        <GrowingTextarea ref={box} aria-label="note" placeholder="What you see, what you did. Markdown; paste or drop pictures." minRows={2} maxRows={12} maxLength={20_000} value={text}
          onChange={(event) => setText(event.currentTarget.value)} onKeyDown={(event) => { if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) submit(event); }}
          onPaste={(event) => take(event, event.clipboardData.files)} onDrop={(event) => take(event, event.dataTransfer.files)} onDragOver={(event) => { if (event.dataTransfer.types.includes("Files")) event.preventDefault(); }} />
        {shown.length > 0 && <Group gap="xs" role="group" aria-label="pictures of this note">{shown.map((picture) => <NoteImage key={picture.url} picture={picture} height={72} />)}</Group>}
        {pictures.problems.map((problem) => <Text key={problem} size="sm" c="red" role="alert">{problem}</Text>)}
        <Group gap="xs">
          <Button type="submit" size="xs" variant="light" disabled={!text.trim() || pictures.sending > 0} loading={write.isPending}>Add note</Button>
          <FileButton accept={ACCEPTED} multiple onChange={(files) => pictures.add(files)}>
            {(props) => <Button {...props} size="xs" variant="subtle" loading={pictures.sending > 0} leftSection={<IconPhoto size={14} aria-hidden />}>Add picture…</Button>}
          </FileButton>
        </Group>
      </Stack>
    </form>
  );
}

interface Pictures {
  add: (files: File[]) => void;
  /** How many are on their way. */
  sending: number;
  problems: readonly string[];
}

/** Sends pictures to an incident, one after the other, and gives what shows each in a note. */
function usePictures(id: string, insert: (markdown: string) => void): Pictures {
  const [sending, setSending] = useState(0);
  const [problems, setProblems] = useState<readonly string[]>([]);
  const path = `/api/v1/incidents/${encodeURIComponent(id)}/images`;
  const send = async (file: File) => {
    try {
      const image = await sent<Schemas["ImageOut"]>(`${path}?${new URLSearchParams({ name: file.name.slice(0, 300) })}`, file);
      insert(image.markdown);
    } catch (error) {
      setProblems((old) => [...old, `${file.name}: ${error instanceof Error ? error.message : "it could not be sent"}`]);
    } finally {
      setSending((count) => count - 1);
    }
  };
  const add = (files: File[]) => {
    const reasons = files.map(unfit);
    setProblems([...new Set(reasons.filter((reason) => reason !== null))]);
    const fit = files.filter((_, n) => reasons[n] === null);
    setSending((count) => count + fit.length);
    void fit.reduce((before, file) => before.then(() => send(file)), Promise.resolve());
  };
  return { add, sending, problems };
}
