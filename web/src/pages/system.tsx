// How it is run: parts, senders, keys, what was told, what models cost, the audit, the export. Each section has its address.
import { NativeSelect, Stack, Tabs, Title } from "@mantine/core";
import { Suspense } from "react";
import { Navigate, useNavigate, useParams } from "react-router";

import { lazily } from "../lazily";
import { useNarrow } from "../live-updates";
import { Waiting } from "../parts/states";
import { Health } from "./system-health";

const Senders = lazily(() => import("./system-senders").then((page) => page.Senders));
const Maintenance = lazily(() => import("./system-maintenance").then((page) => page.Maintenance));
const Keys = lazily(() => import("./system-keys").then((page) => page.Keys));
const Sessions = lazily(() => import("./system-sessions").then((page) => page.Sessions));
const Notifications = lazily(() => import("./system-notifications").then((page) => page.Notifications));
const Suggestions = lazily(() => import("./system-suggestions").then((page) => page.Suggestions));
const Deliveries = lazily(() => import("./system-deliveries").then((page) => page.Deliveries));
const Usage = lazily(() => import("./system-usage").then((page) => page.Usage));
const Audit = lazily(() => import("./system-audit").then((page) => page.Audit));
const Export = lazily(() => import("./system-export").then((page) => page.Export));

const SECTIONS = [
  { at: "health", name: "Health", Shown: Health },
  { at: "senders", name: "Senders", Shown: Senders },
  { at: "maintenance", name: "Maintenance", Shown: Maintenance },
  { at: "keys", name: "Keys", Shown: Keys },
  { at: "sessions", name: "Sessions", Shown: Sessions },
  { at: "notifications", name: "Notifications", Shown: Notifications },
  { at: "suggestions", name: "Suggestions", Shown: Suggestions },
  { at: "deliveries", name: "Deliveries", Shown: Deliveries },
  { at: "usage", name: "Models", Shown: Usage },
  { at: "audit", name: "Audit", Shown: Audit },
  { at: "export", name: "Export", Shown: Export },
] as const;

export function System() {
  const go = useNavigate();
  const { section = "health" } = useParams();
  const narrow = useNarrow();
  const choose = (to: string | null) => void go(to === "health" ? "/system" : `/system/${to}`);
  if (!SECTIONS.some((item) => item.at === section)) return <Navigate to="/system" replace />;
  return (
    <Stack gap="md">
      <Title order={1} size="h2">System</Title>
      <Tabs value={section} onChange={choose} keepMounted={false}>
        {narrow ? (
          <NativeSelect aria-label="parts of the system" mb="md" value={section} onChange={(event) => choose(event.currentTarget.value)} data={SECTIONS.map(({ at, name }) => ({ value: at, label: name }))} />
        ) : <Tabs.List aria-label="parts of the system" className="onrecall-sections" mb="md">
          {SECTIONS.map(({ at, name }) => <Tabs.Tab key={at} value={at}>{name}</Tabs.Tab>)}
        </Tabs.List>}
        {SECTIONS.map(({ at, Shown }) => (
          <Tabs.Panel key={at} value={at}>
            <Suspense fallback={<Waiting rows={3} />}><Shown /></Suspense>
          </Tabs.Panel>
        ))}
      </Tabs>
    </Stack>
  );
}
