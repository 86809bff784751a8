// Who gets in: keys made and shown once, replaced, ended. The first one locks every door, and that is said before.
import { Alert, Badge, Button, Group, Modal, Paper, Select, Stack, Switch, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useSearchParams } from "react-router";

import { api, got, signInWithKey, type Schemas } from "../api/client";
import { announceSession } from "../api/session";
import { useMe } from "../me";
import { Confirm } from "../parts/confirm";
import { Command } from "../parts/copy";
import { Entries, Entry } from "../parts/entry";
import { Failure, Waiting } from "../parts/states";
import { failed, worked } from "../parts/told";
import { When } from "../parts/when";

type Key = Schemas["KeyOut"];
type Made = Schemas["MadeOut"];
type Role = Key["role"];

const STATE = { active: "teal", expired: "yellow", revoked: "gray" } as const;
const ROLES: { value: Role; label: string }[] = [
  { value: "viewer", label: "viewer: reads and asks" },
  { value: "responder", label: "responder: also resolves, rates, sends" },
  { value: "admin", label: "admin: everything" },
  { value: "ingest", label: "ingest: a sender; hands in and reads nothing" },
];
const LIVES = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "a year" },
  { value: "", label: "without end" },
];
const OVERLAPS = [
  { value: "0", label: "not at all: it ends at once" },
  { value: "1", label: "for an hour" },
  { value: "24", label: "for a day" },
  { value: "168", label: "for a week" },
];

export function Keys() {
  const me = useMe();
  const found = useQuery({ queryKey: ["keys"], queryFn: () => got(api.GET("/api/v1/keys")) });
  const [made, setMade] = useState<Made | null>(null);
  const [ended, setEnded] = useState(false);
  if (found.isPending || me.isPending) return <Waiting rows={3} />;
  if (found.isLoadingError) return <Failure error={found.error} again={() => void found.refetch()} />;
  if (me.isLoadingError) return <Failure error={me.error} again={() => void me.refetch()} />;
  const keys = [...found.data.items].reverse();
  const shown = keys.filter((key) => ended || key.state === "active");
  return (
    <Stack gap="md">
      <Make first={keys.length === 0} onMade={setMade} />
      <Shown made={made} onClose={() => setMade(null)} />
      {keys.length > 0 && (
        <>
          <Group justify="space-between">
            <Title order={2} size="h4">Keys</Title>
            <Switch label="also those that ended" checked={ended} onChange={(event) => setEnded(event.currentTarget.checked)} />
          </Group>
          <Entries label="keys">{shown.map((one) => <One key={one.id} it={one} mine={one.id === me.data.key} onMade={setMade} />)}</Entries>
          {shown.length === 0 && <Text size="sm">No key opens anything any more. Make one at the server's machine: <code>onrecall keys create NAME --role admin</code>.</Text>}
        </>
      )}
    </Stack>
  );
}

/** Signs this browser in with a new key; if that fails, the key is shown all the same. */
const goOnWith = (made: Made): Promise<void> => signInWithKey(made.key).then(announceSession, failed);

function Make({ first, onMade }: { first: boolean; onMade: (made: Made) => void }) {
  const queries = useQueryClient();
  const [params] = useSearchParams();
  const [name, setName] = useState(first ? "" : (params.get("name") ?? ""));
  const [chosen, setRole] = useState<Role>(ROLES.find((one) => one.value === params.get("role"))?.value ?? "viewer");
  const [days, setDays] = useState("90");
  const role = first ? "admin" : chosen;
  const make = useMutation({
    mutationFn: async () => {
      const expires = days ? { expires_at: new Date(Date.now() + Number(days) * 86_400_000).toISOString() } : {};
      const made = await got(api.POST("/api/v1/keys", { body: { name: name.trim(), role, ...expires } }));
      if (first) await goOnWith(made);
      return made;
    },
    onSuccess: (made) => {
      setName("");
      onMade(made);
      void queries.invalidateQueries();
    },
    onError: failed,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Paper withBorder p="md" component="form" aria-label="make a key" onSubmit={submit}>
      <Stack gap="sm">
        <Title order={2} size="h4">{first ? "Make the first key" : "Make a key"}</Title>
        {first && <First />}
        <Group align="flex-end" grow preventGrowOverflow={false}>
          <TextInput label="Whose it is" placeholder={first ? "your name" : "ann, or alertmanager"} required maxLength={100} value={name} onChange={(event) => setName(event.currentTarget.value)} miw={200} />
          <Select label="What it may do" data={first ? ROLES.filter((one) => one.value === "admin") : ROLES} value={role} onChange={(value) => value && setRole(value as Role)} allowDeselect={false} readOnly={first} miw={220} />
          <Select label="How long" data={LIVES} value={days} onChange={(value) => setDays(value ?? "")} allowDeselect={false} miw={140} />
        </Group>
        {first && days && <Text size="sm" c="dimmed">When it ends the doors stay locked: make another before, or then at the server's machine with <code>onrecall keys create</code>.</Text>}
        <Group><Button type="submit" loading={make.isPending} disabled={!name.trim()}>{first ? "Make it and lock the doors" : "Make the key"}</Button></Group>
      </Stack>
    </Paper>
  );
}

const First = () => (
  <Alert color="yellow" title="No key yet: whoever sits at this machine may do everything, and nobody else gets in">
    <Text size="sm">
      From the first key on, everybody needs one, and each sender on this machine. This browser is signed in with the new key from then on.
      Keep the key somewhere safe, because it is shown once and can't be looked up. If it is lost, whoever may use the command line here makes another.
    </Text>
  </Alert>
);

function Shown({ made, onClose }: { made: Made | null; onClose: () => void }) {
  return (
    <Modal opened={made !== null} onClose={onClose} closeOnClickOutside={false} closeOnEscape={false} withCloseButton={false} title={<Title order={2} size="h4">The key of {made?.about.name}</Title>}>
      <Stack>
        <Text size="sm">Copy it now: it is not shown again, and what is stored does not give it back.</Text>
        <Command text={made?.key ?? ""} />
        {made?.about.role === "ingest"
          ? <Text size="sm" c="dimmed">The sender shows it as <code>Authorization: Bearer …</code> or <code>X-API-Key: …</code>, PagerDuty's clients as their routing key. Never in a URL.</Text>
          : <Text size="sm" c="dimmed">Its holder is asked for it on this page; programs show it as <code>Authorization: Bearer …</code>.</Text>}
        <Button onClick={onClose}>I have kept it</Button>
      </Stack>
    </Modal>
  );
}

function One({ it, mine, onMade }: { it: Key; mine: boolean; onMade: (made: Made) => void }) {
  const [asking, setAsking] = useState<"rotate" | "revoke" | null>(null);
  const active = it.state === "active";
  const open = active && !it.replaced_by;
  return (
    <Entry name={it.name} label={`key of ${it.name}`}
      badges={<>
        <Badge variant="light">{it.role}</Badge>
        <Badge color={STATE[it.state]} variant="light">{it.state}</Badge>
        {mine && <Badge color="grape" variant="light">signed in with it</Badge>}
        {active && it.replaced_by && <Badge color="orange" variant="light">replaced</Badge>}
      </>}
      about={<>
        <code>{it.prefix}…</code> · made <When at={it.created_at} /> · {it.last_used_at ? <>last used <When at={it.last_used_at} /></> : "never used"}
        {it.revoked_at ? <> · ended <When at={it.revoked_at} /></> : it.expires_at ? <> · {active ? "ends" : "ended"} <When at={it.expires_at} /></> : " · without end"}
      </>}
      actions={active && <>
        {open && <Button size="xs" variant="default" onClick={() => setAsking("rotate")}>Replace…</Button>}
        <Button size="xs" variant="light" color="red" onClick={() => setAsking("revoke")}>End…</Button>
      </>}>
      <Rotate it={it} mine={mine} opened={asking === "rotate"} onClose={() => setAsking(null)} onMade={onMade} />
      <Revoke it={it} mine={mine} opened={asking === "revoke"} onClose={() => setAsking(null)} />
    </Entry>
  );
}

interface Asked {
  it: Key;
  mine: boolean;
  opened: boolean;
  onClose: () => void;
}

function Rotate({ it, mine, opened, onClose, onMade }: Asked & { onMade: (made: Made) => void }) {
  const queries = useQueryClient();
  const [hours, setHours] = useState("24");
  const rotate = useMutation({
    mutationFn: async () => {
      const made = await got(api.POST("/api/v1/keys/{which}/rotate", { params: { path: { which: it.id } }, body: { overlap_hours: Number(hours) } }));
      if (mine) await goOnWith(made);
      return made;
    },
    onSuccess: (made) => {
      onClose();
      onMade(made);
      void queries.invalidateQueries({ queryKey: ["keys"] });
      void queries.invalidateQueries({ queryKey: ["me"] });
    },
    onError: failed,
  });
  return (
    <Confirm title={`Replace the key of ${it.name}?`} yes="Make the new key" harmless opened={opened} busy={rotate.isPending} onYes={() => rotate.mutate()} onNo={onClose}>
      <Text size="sm">A new key takes its place, with the same name and role. Both open until the old one ends, so that nothing is refused while you change over.{mine && " This browser goes on with the new one."}</Text>
      <Select label="The old key still opens" data={OVERLAPS} value={hours} onChange={(value) => setHours(value ?? "24")} allowDeselect={false} />
    </Confirm>
  );
}

function Revoke({ it, mine, opened, onClose }: Asked) {
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => got(api.POST("/api/v1/keys/{which}/revoke", { params: { path: { which: it.id } } })),
    onSuccess: () => {
      onClose();
      worked(`The key of ${it.name} opens nothing any more.`);
      void queries.invalidateQueries({ queryKey: ["keys"] });
      if (mine) void queries.invalidateQueries({ queryKey: ["me"] });
    },
    onError: (error) => {
      onClose();
      failed(error);
    },
  });
  return (
    <Confirm title={`End the key of ${it.name}?`} yes="End it now" opened={opened} busy={revoke.isPending} onYes={() => revoke.mutate()} onNo={onClose}>
      <Text size="sm">Whoever or whatever uses <code>{it.prefix}…</code> is refused at once. This can't be undone; a new key can be made.</Text>
      {mine && <Alert color="yellow">You are signed in with this key: you are asked to sign in again right after.</Alert>}
    </Confirm>
  );
}
