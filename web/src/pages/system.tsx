// How it is run: parts, senders, keys, what was told, what models cost, the audit, the export. Each section has its address.
import { Stack, Tabs, Title } from "@mantine/core";
import { lazy, Suspense } from "react";
import { Navigate, useNavigate, useParams } from "react-router";

import { Waiting } from "../parts/states";
import { Health } from "./system-health";

const Senders = lazy(() => import("./system-senders").then((page) => ({ default: page.Senders })));
const Maintenance = lazy(() => import("./system-maintenance").then((page) => ({ default: page.Maintenance })));
const Keys = lazy(() => import("./system-keys").then((page) => ({ default: page.Keys })));
const Sessions = lazy(() => import("./system-sessions").then((page) => ({ default: page.Sessions })));
const Suggestions = lazy(() => import("./system-suggestions").then((page) => ({ default: page.Suggestions })));
const Deliveries = lazy(() => import("./system-deliveries").then((page) => ({ default: page.Deliveries })));
const Usage = lazy(() => import("./system-usage").then((page) => ({ default: page.Usage })));
const Audit = lazy(() => import("./system-audit").then((page) => ({ default: page.Audit })));
const Export = lazy(() => import("./system-export").then((page) => ({ default: page.Export })));

const SECTIONS = [
  { at: "health", name: "Health", Shown: Health },
  { at: "senders", name: "Senders", Shown: Senders },
  { at: "maintenance", name: "Maintenance", Shown: Maintenance },
  { at: "keys", name: "Keys", Shown: Keys },
  { at: "sessions", name: "Sessions", Shown: Sessions },
  { at: "suggestions", name: "Suggestions", Shown: Suggestions },
  { at: "deliveries", name: "Deliveries", Shown: Deliveries },
  { at: "usage", name: "Models", Shown: Usage },
  { at: "audit", name: "Audit", Shown: Audit },
  { at: "export", name: "Export", Shown: Export },
] as const;

export function System() {
  const go = useNavigate();
  const { section = "health" } = useParams();
  if (!SECTIONS.some((item) => item.at === section)) return <Navigate to="/system" replace />;
  return (
    <Stack gap="md">
      <Title order={1} size="h2">System</Title>
      <Tabs value={section} onChange={(to) => void go(to === "health" ? "/system" : `/system/${to}`)} keepMounted={false}>
        <Tabs.List aria-label="parts of the system" className="onrecall-sections" mb="md">
          {SECTIONS.map(({ at, name }) => <Tabs.Tab key={at} value={at}>{name}</Tabs.Tab>)}
        </Tabs.List>
        {SECTIONS.map(({ at, Shown }) => (
          <Tabs.Panel key={at} value={at}>
            <Suspense fallback={<Waiting rows={3} />}><Shown /></Suspense>
          </Tabs.Panel>
        ))}
      </Tabs>
    </Stack>
  );
}
