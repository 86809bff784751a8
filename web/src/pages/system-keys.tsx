// Who gets in: keys made and shown once, replaced, ended. The first one locks every door, and that is said before.
import { Alert, Badge, Button, Group, Modal, Paper, Select, Stack, Switch, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useSearchParams } from "react-router";

import { api, dataOf, signInWithKey, type Schemas } from "../api/client";
import { announceSession } from "../api/session";
import { useMe } from "../current-user";
import { Confirm } from "../parts/confirm";
import { Command } from "../parts/copy";
import { Entries, Entry } from "../parts/entry";
import { QueryState } from "../parts/states";
import { showError, showSuccess } from "../parts/toasts";
import { TimeAgo } from "../parts/time-ago";

type Key = Schemas["KeyOut"];
type NewKey = Schemas["NewKeyOut"];
type Role = Key["role"];

const STATE = { active: "teal", expired: "yellow", revoked: "gray" } as const;
const ROLES: { value: Role; label: string }[] = [
  { value: "viewer", label: "viewer: reads and asks" },
  { value: "responder", label: "responder: also resolves, rates, sends" },
  { value: "admin", label: "admin: everything" },
  { value: "ingest", label: "ingest: a sender; sends alerts and reads nothing" },
];
const LIVES = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "a year" },
  { value: "", label: "never expires" },
];
const OVERLAPS = [
  { value: "0", label: "not at all: revoke it at once" },
  { value: "1", label: "for an hour" },
  { value: "24", label: "for a day" },
  { value: "168", label: "for a week" },
];

export function Keys() {
  const me = useMe();
  const keyList = useQuery({ queryKey: ["keys"], queryFn: () => dataOf(api.GET("/api/v1/keys")) });
  const [made, setMade] = useState<NewKey | null>(null);
  const [ended, setEnded] = useState(false);
  if (!keyList.data) return <QueryState query={keyList} rows={3} />;
  if (!me.data) return <QueryState query={me} rows={3} />;
  const keys = [...keyList.data.items].reverse();
  const shown = keys.filter((key) => ended || key.state === "active");
  return (
    <Stack gap="md">
      <Make first={keys.length === 0} onMade={setMade} />
      <Shown made={made} onClose={() => setMade(null)} />
      {keys.length > 0 && (
        <>
          <Group justify="space-between">
            <Title order={2} size="h4">Keys</Title>
            <Switch label="include expired and revoked keys" checked={ended} onChange={(event) => setEnded(event.currentTarget.checked)} />
          </Group>
          <Entries label="keys">{shown.map((key) => <KeyEntry key={key.id} it={key} own={key.id === me.data.key} onMade={setMade} />)}</Entries>
          {shown.length === 0 && <Text size="sm">No valid key is left. Create one on the server's machine: <code>onrecall keys create NAME --role admin</code>.</Text>}
        </>
      )}
    </Stack>
  );
}

/** Signs this browser in with a new key; if that fails, the key is shown all the same. */
const goOnWith = (made: NewKey): Promise<void> => signInWithKey(made.key).then(announceSession, showError);

function Make({ first, onMade }: { first: boolean; onMade: (made: NewKey) => void }) {
  const queries = useQueryClient();
  const [params] = useSearchParams();
  const [name, setName] = useState(first ? "" : (params.get("name") ?? ""));
  const [chosen, setRole] = useState<Role>(ROLES.find((choice) => choice.value === params.get("role"))?.value ?? "viewer");
  const [days, setDays] = useState("90");
  const role = first ? "admin" : chosen;
  const make = useMutation({
    mutationFn: async () => {
      const expires = days ? { expires_at: new Date(Date.now() + Number(days) * 86_400_000).toISOString() } : {};
      const made = await dataOf(api.POST("/api/v1/keys", { body: { name: name.trim(), role, ...expires } }));
      if (first) await goOnWith(made);
      return made;
    },
    onSuccess: (made) => {
      setName("");
      onMade(made);
      void queries.invalidateQueries();
    },
    onError: showError,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Paper withBorder p="md" component="form" aria-label="create a key" onSubmit={submit}>
      <Stack gap="sm">
        <Title order={2} size="h4">{first ? "Make the first key" : "Create a key"}</Title>
        {first && <First />}
        <Group align="flex-end" grow preventGrowOverflow={false}>
          <TextInput label="Owner" placeholder={first ? "your name" : "ann, or alertmanager"} required maxLength={100} value={name} onChange={(event) => setName(event.currentTarget.value)} miw={200} />
          <Select label="Role" data={first ? ROLES.filter((choice) => choice.value === "admin") : ROLES} value={role} onChange={(value) => value && setRole(value as Role)} allowDeselect={false} readOnly={first} miw={220} />
          <Select label="Expiry" data={LIVES} value={days} onChange={(value) => setDays(value ?? "")} allowDeselect={false} miw={140} />
        </Group>
        {first && days && <Text size="sm" c="dimmed">When it expires, requests still need a key: create another one before, or afterwards on the server's machine with <code>onrecall keys create</code>.</Text>}
        <Group><Button type="submit" loading={make.isPending} disabled={!name.trim()}>{first ? "Create the key and require keys" : "Create the key"}</Button></Group>
      </Stack>
    </Paper>
  );
}

const First = () => (
  <Alert color="yellow" title="No key exists yet: anybody at this machine can do everything, and other machines are refused">
    <Text size="sm">
      From the first key on, everybody needs one, including each sender on this machine. This browser is then signed in with the new key.
      Store the key safely, because it is shown once and cannot be looked up. If it is lost, whoever may use the command line here makes another.
    </Text>
  </Alert>
);

function Shown({ made, onClose }: { made: NewKey | null; onClose: () => void }) {
  return (
    <Modal opened={made !== null} onClose={onClose} closeOnClickOutside={false} closeOnEscape={false} withCloseButton={false} title={<Title order={2} size="h4">The key of {made?.about.name}</Title>}>
      <Stack>
        <Text size="sm">Copy it now. It is not shown again, and OnRecall stores only a hash.</Text>
        <Command text={made?.key ?? ""} />
        {made?.about.role === "ingest"
          ? <Text size="sm" c="dimmed">The sender sends it as <code>Authorization: Bearer …</code> or <code>X-API-Key: …</code>, PagerDuty's clients as their routing key. Never in a URL.</Text>
          : <Text size="sm" c="dimmed">The console asks its owner for it; programs send it as <code>Authorization: Bearer …</code>.</Text>}
        <Button onClick={onClose}>I have saved it</Button>
      </Stack>
    </Modal>
  );
}

function KeyEntry({ it, own, onMade }: { it: Key; own: boolean; onMade: (made: NewKey) => void }) {
  const [asking, setAsking] = useState<"rotate" | "revoke" | null>(null);
  const active = it.state === "active";
  const open = active && !it.replaced_by;
  return (
    <Entry name={it.name} label={`key of ${it.name}`}
      badges={<>
        <Badge variant="light">{it.role}</Badge>
        <Badge color={STATE[it.state]} variant="light">{it.state}</Badge>
        {own && <Badge color="grape" variant="light">signed in with it</Badge>}
        {active && it.replaced_by && <Badge color="orange" variant="light">replaced</Badge>}
      </>}
      about={<>
        <code>{it.prefix}…</code> · created <TimeAgo at={it.created_at} /> · {it.last_used_at ? <>last used <TimeAgo at={it.last_used_at} /></> : "never used"}
        {it.revoked_at ? <> · ended <TimeAgo at={it.revoked_at} /></> : it.expires_at ? <> · {active ? "ends" : "ended"} <TimeAgo at={it.expires_at} /></> : " · never expires"}
      </>}
      actions={active && <>
        {open && <Button size="xs" variant="default" onClick={() => setAsking("rotate")}>Replace…</Button>}
        <Button size="xs" variant="light" color="red" onClick={() => setAsking("revoke")}>Revoke…</Button>
      </>}>
      <Rotate it={it} own={own} opened={asking === "rotate"} onClose={() => setAsking(null)} onMade={onMade} />
      <Revoke it={it} own={own} opened={asking === "revoke"} onClose={() => setAsking(null)} />
    </Entry>
  );
}

interface KeyActionProps {
  it: Key;
  own: boolean;
  opened: boolean;
  onClose: () => void;
}

function Rotate({ it, own, opened, onClose, onMade }: KeyActionProps & { onMade: (made: NewKey) => void }) {
  const queries = useQueryClient();
  const [hours, setHours] = useState("24");
  const rotate = useMutation({
    mutationFn: async () => {
      const made = await dataOf(api.POST("/api/v1/keys/{which}/rotate", { params: { path: { which: it.id } }, body: { overlap_hours: Number(hours) } }));
      if (own) await goOnWith(made);
      return made;
    },
    onSuccess: (made) => {
      onClose();
      onMade(made);
      void queries.invalidateQueries({ queryKey: ["keys"] });
      void queries.invalidateQueries({ queryKey: ["me"] });
    },
    onError: showError,
  });
  return (
    <Confirm title={`Replace the key of ${it.name}?`} yes="Create the new key" harmless opened={opened} busy={rotate.isPending} onYes={() => rotate.mutate()} onNo={onClose}>
      <Text size="sm">A new key with the same name and role replaces it. Both work until the old one expires, so that nothing is refused while you switch.{own && " This browser continues with the new one."}</Text>
      <Select label="The old key keeps working" data={OVERLAPS} value={hours} onChange={(value) => setHours(value ?? "24")} allowDeselect={false} />
    </Confirm>
  );
}

function Revoke({ it, own, opened, onClose }: KeyActionProps) {
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/keys/{which}/revoke", { params: { path: { which: it.id } } })),
    onSuccess: () => {
      onClose();
      showSuccess(`The key of ${it.name} is revoked.`);
      void queries.invalidateQueries({ queryKey: ["keys"] });
      if (own) void queries.invalidateQueries({ queryKey: ["me"] });
    },
    onError: (error) => {
      onClose();
      showError(error);
    },
  });
  return (
    <Confirm title={`Revoke the key of ${it.name}?`} yes="Revoke" opened={opened} busy={revoke.isPending} onYes={() => revoke.mutate()} onNo={onClose}>
      <Text size="sm">Everything that uses <code>{it.prefix}…</code> is refused at once. You cannot undo this, but you can create a new key.</Text>
      {own && <Alert color="yellow">You are signed in with this key, so the console asks you to sign in again right afterwards.</Alert>}
    </Confirm>
  );
}
