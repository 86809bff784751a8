// Push notifications: whether this browser gets them, of which services, and the other devices of the same person.
import { Alert, Badge, Button, Group, Stack, TagsInput, Text, Title } from "@mantine/core";
import { IconBell, IconBellOff } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, dataOf, type Schemas } from "../api/client";
import { Command } from "../parts/copy";
import { Entries, Entry } from "../parts/entry";
import { Empty, QueryState } from "../parts/states";
import { showError, showSuccess } from "../parts/toasts";
import { TimeAgo } from "../parts/time-ago";
import { currentSubscription, deviceId, type PushState, pushState, subscribe } from "../push";

type Device = Schemas["PushSubscriptionOut"];

const CANNOT: Readonly<Record<Exclude<PushState, "off" | "on">, string>> = {
  insecure: "Browsers allow push notifications only over HTTPS, and on this machine itself.",
  unsupported: "This browser has no push notifications. On an iPhone, add OnRecall to the home screen first, and open it there.",
  blocked: "This browser blocks notifications of this site. Allow them in the settings of the site, then reload.",
};

export function Notifications() {
  const push = useQuery({ queryKey: ["push"], queryFn: () => dataOf(api.GET("/api/v1/push")) });
  const here = useQuery({ queryKey: ["push-here"], queryFn: async () => ({ state: await pushState(), id: await idHere() }) });
  if (!push.data) return <QueryState query={push} rows={2} />;
  if (!here.data) return <QueryState query={here} rows={2} />;
  const { public_key: key, items } = push.data;
  if (!key) return <NotConfigured />;
  const { state, id } = here.data;
  const current = items.find((device) => device.id === id);
  const others = items.filter((device) => device !== current);
  return (
    <Stack gap="md">
      <Title order={2} size="h4">On this browser</Title>
      {state === "off" || state === "on" ? <Here key={current?.id ?? "new"} publicKey={key} device={current} /> : <Alert color="orange" icon={<IconBellOff aria-hidden />}>{CANNOT[state]}</Alert>}
      {others.length > 0 && <Title order={2} size="h4">Your other devices</Title>}
      {others.length > 0 && <Entries label="devices">{others.map((device) => <Other key={device.id} device={device} />)}</Entries>}
    </Stack>
  );
}

const idHere = async (): Promise<string | null> => {
  const subscription = await currentSubscription();
  return subscription && deviceId(subscription.endpoint);
};

const NotConfigured = () => (
  <Empty title="Push notifications are not configured">
    <Stack align="center" gap="sm">
      <span>With them, a new incident shows on your phone although the console is closed. On the server, create a key:</span>
      <Command text="onrecall web-push-key" />
      <span>Set it as <code>ONRECALL_WEB_PUSH_KEY</code>, and an address of yours for push services, such as <code>mailto:ops@example.com</code>, as <code>ONRECALL_WEB_PUSH_CONTACT</code>. Then restart.</span>
    </Stack>
  </Empty>
);

/** Turns them on and off here, and chooses the services. */
function Here({ publicKey, device }: { publicKey: string; device: Device | undefined }) {
  const [services, setServices] = useState(device?.services ?? []);
  const known = useQuery({ queryKey: ["services"], queryFn: () => dataOf(api.GET("/api/v1/services")) });
  const again = useAgain();
  const save = useMutation({
    mutationFn: () => subscribe(publicKey, services),
    onSuccess: () => { showSuccess(services.length > 0 ? `This browser is notified of new incidents of ${services.join(", ")}.` : "This browser is notified of every new incident."); again(); },
    onError: showError,
  });
  const stop = useMutation({ mutationFn: () => unsubscribe(device?.id), onSuccess: again, onError: showError });
  return (
    <Stack gap="sm" align="flex-start">
      <Text size="sm">{device ? "This browser is notified of new incidents, also while the console is closed." : "Get a notification of each new incident, also while the console is closed."} It shows the title, severity, service and verdict; it is encrypted on the way.</Text>
      <TagsInput label="Services" description="Empty: all" placeholder={services.length > 0 ? "" : "all services"} value={services} onChange={setServices} data={(known.data?.items ?? []).map(({ name }) => name)} acceptValueOnBlur w="100%" maw={480} />
      <Group gap="xs">
        <Button leftSection={<IconBell size={18} aria-hidden />} loading={save.isPending} onClick={() => save.mutate()}>{device ? "Save" : "Notify this browser"}</Button>
        {device && <Button variant="default" loading={stop.isPending} onClick={() => stop.mutate()}>Stop</Button>}
      </Group>
    </Stack>
  );
}

/** Ends it in the browser, and on the server if it knows of it. */
async function unsubscribe(id: string | undefined): Promise<void> {
  await (await currentSubscription())?.unsubscribe();
  if (id) await removeDevice(id);
}

const removeDevice = (id: string) => dataOf(api.DELETE("/api/v1/push/subscriptions/{subscription_id}", { params: { path: { subscription_id: id } } }));

function Other({ device }: { device: Device }) {
  const again = useAgain();
  const remove = useMutation({ mutationFn: () => removeDevice(device.id), onSuccess: again, onError: showError });
  return (
    <Entry name={device.host} label={`device ${device.id}`}
      badges={device.services.map((service) => <Badge key={service} variant="default" tt="none">{service}</Badge>)}
      about={<>{device.services.length > 0 ? null : "all services · "}since <TimeAgo at={device.created_at} /></>}
      actions={<Button size="xs" variant="light" color="red" loading={remove.isPending} onClick={() => remove.mutate()}>Remove</Button>} />
  );
}

/** Asks the server and the browser again what is subscribed. */
function useAgain(): () => void {
  const queries = useQueryClient();
  return () => {
    void queries.invalidateQueries({ queryKey: ["push"] });
    void queries.invalidateQueries({ queryKey: ["push-here"] });
  };
}
