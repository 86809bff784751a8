// Who is signed in where: one's own sessions, and for an admin everybody's.
import { Badge, Button, Group, Stack, Switch, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, dataOf, type Schemas } from "../api/client";
import { useMe } from "../current-user";
import { Entries, Entry } from "../parts/entry";
import { Empty, QueryState, Waiting } from "../parts/states";
import { showError, showSuccess } from "../parts/toasts";
import { TimeAgo } from "../parts/time-ago";

type Session = Schemas["SessionOut"];

export function Sessions() {
  const me = useMe();
  const [everybody, setEverybody] = useState(false);
  const listed = useQuery({ queryKey: ["sessions", everybody], queryFn: () => dataOf(api.GET("/api/v1/sessions", { params: { query: { everybody } } })) });
  if (!listed.data) return <QueryState query={listed} rows={2} />;
  if (me.isPending) return <Waiting rows={2} />;
  const sessions = listed.data.items;
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Title order={2} size="h4">{everybody ? "Everybody's sessions" : "Your sessions"}</Title>
        {me.data?.role === "admin" && <Switch label="everybody's" checked={everybody} onChange={(event) => setEverybody(event.currentTarget.checked)} />}
      </Group>
      {sessions.length === 0
        ? <Empty title={everybody ? "Nobody is signed in" : "You are not signed in"}>This machine needs no sign-in until there is a key or an identity provider.</Empty>
        : <Entries label="sessions">{sessions.map((session) => <SignedIn key={session.id} session={session} />)}</Entries>}
    </Stack>
  );
}

function SignedIn({ session }: { session: Session }) {
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: () => dataOf(api.DELETE("/api/v1/sessions/{session_id}", { params: { path: { session_id: session.id } } })),
    onSuccess: () => {
      showSuccess("That session is ended.");
      void queries.invalidateQueries({ queryKey: ["sessions"] });
      void queries.invalidateQueries({ queryKey: ["me"] });
    },
    onError: showError,
  });
  return (
    <Entry name={session.name} label={`session ${session.id}`}
      badges={<>
        <Badge variant="light">{session.role}</Badge>
        {session.current && <Badge color="grape" variant="light">this browser</Badge>}
      </>}
      about={<>
        {browserName(session.client)} · {session.method === "key" ? <>with the key <code>{session.key}</code></> : session.method} · since <TimeAgo at={session.created_at} /> · last
        used <TimeAgo at={session.last_used_at} /> · until <TimeAgo at={session.expires_at} />
      </>}
      actions={<Button size="xs" variant="light" color="red" loading={end.isPending} onClick={() => end.mutate()}>{session.current ? "Sign out" : "End"}</Button>}>
      {session.client && <Text size="xs" c="dimmed" className="onrecall-wrap">{session.client}</Text>}
    </Entry>
  );
}

const BROWSERS = [["Edg/", "Edge"], ["OPR/", "Opera"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]] as const;
const SYSTEMS = [["iPhone", "iPhone"], ["iPad", "iPad"], ["Android", "Android"], ["Windows", "Windows"], ["Mac OS", "macOS"], ["Linux", "Linux"]] as const;

/** A browser's name for itself, as people say it. */
export function browserName(client: string | null): string {
  const browser = BROWSERS.find(([mark]) => client?.includes(mark))?.[1];
  const system = SYSTEMS.find(([mark]) => client?.includes(mark))?.[1];
  return browser && system ? `${browser} on ${system}` : (browser ?? system ?? "an unknown browser");
}
