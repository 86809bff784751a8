// What to go on where nothing like it was seen: the service's runbooks, its last changes, what began together, who knows it.
import { List, Paper, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "react-router";

import { api, dataOf, type Schemas } from "../api/client";
import { documentAddress } from "../search";
import { ServiceLink } from "./service-link";
import { clock, type Incident, labelText } from "../format";

const HOURS_BEFORE = 24;
const TOGETHER_MINUTES = 30;
const SHOWN = 5;

export function NeverSeen({ incident }: { incident: Incident }) {
  const { service } = incident;
  return (
    <Paper withBorder p="md" radius="lg" component="section" aria-label="what to go on" className="onrecall-first onrecall-snug">
      <Stack gap="sm">
        <Text fw={700} size="sm">Start here: nothing similar is on record, but this may help</Text>
        {service ? <OfService incident={incident} service={service} /> : <Text size="sm">No service is named, so its runbooks and changes can’t be looked up. <Link to="/memory?kind=documents">Browse all runbooks</Link>.</Text>}
        <BeganTogether incident={incident} />
        <Part title="Write as you go">
          <Text size="sm">OnRecall learns from what you find out: add a note below, and resolve the incident with what fixed it.</Text>
        </Part>
      </Stack>
    </Paper>
  );
}

function OfService({ incident, service }: { incident: Incident; service: string }) {
  const documents = useQuery({ queryKey: ["documents", "of", service], queryFn: () => dataOf(api.GET("/api/v1/documents", { params: { query: { service, limit: SHOWN } } })) });
  const since = new Date(Date.parse(incident.started_at) - HOURS_BEFORE * 3_600_000).toISOString();
  const changes = useQuery({ queryKey: ["changes", service, since], queryFn: () => dataOf(api.GET("/api/v1/changes", { params: { query: { service, since, limit: SHOWN } } })) });
  const past = useQuery({ queryKey: ["past", service], queryFn: () => dataOf(api.GET("/api/v1/incidents", { params: { query: { service, status: "resolved", limit: SHOWN } } })) });
  const earlier = (past.data?.items ?? []).filter((other) => other.id !== incident.id);
  const people = [...new Set(earlier.flatMap((earlierIncident) => earlierIncident.assignee ?? earlierIncident.resolution?.by ?? []))];
  return (
    <>
      <Part title={`Runbooks of ${service}`} none={documents.data && `No runbook is stored for ${service}.`} more={<Link to="/memory?import=1">Add one</Link>}>
        {(documents.data?.items ?? []).map((document) => <List.Item key={document.id}><Link to={documentAddress(document.id)}>{document.title}</Link></List.Item>)}
      </Part>
      <Part title={`Changes in the ${HOURS_BEFORE} h before`} none={changes.data && `No change of ${service} is on record.`}>
        {(changes.data?.items ?? []).map((change) => <List.Item key={`${change.source}${change.key}`}>{change.title} <Text span size="xs" c="dimmed">{clock(change.at)}</Text></List.Item>)}
      </Part>
      <Text size="sm">Everything on record about <ServiceLink name={service} /></Text>
      <Part title={`The last incidents of ${service}`} none={past.data && "None is on record."}>
        {earlier.map((past) => <List.Item key={past.id}><Link to={`/incidents/${encodeURIComponent(past.id)}`}>{past.title}</Link>{past.resolution?.cause && `: ${labelText(past.resolution.cause)}`}</List.Item>)}
      </Part>
      {people.length > 0 && <Part title="Who worked on it last"><Text size="sm">{people.slice(0, SHOWN).join(", ")}</Text></Part>}
    </>
  );
}

/** Incidents that began about when this one did: one of them may be its cause. */
function BeganTogether({ incident }: { incident: Incident }) {
  const began = Date.parse(incident.started_at);
  const around = (minutes: number) => new Date(began + minutes * 60_000).toISOString();
  const open = useQuery({
    queryKey: ["around", incident.started_at],
    queryFn: () => dataOf(api.GET("/api/v1/incidents", { params: { query: { since: around(-TOGETHER_MINUTES), until: around(TOGETHER_MINUTES), limit: 20 } } })),
  });
  const others = (open.data?.items ?? []).filter((other) => other.id !== incident.id).slice(0, SHOWN);
  return (
    <Part title={`Began within ${TOGETHER_MINUTES} minutes of it`} none={open.data && "Nothing else did."}>
      {others.map((other) => <OtherIncident key={other.id} other={other} began={began} />)}
    </Part>
  );
}

function OtherIncident({ other, began }: { other: Schemas["IncidentOut"]; began: number }) {
  const minutes = Math.round((Date.parse(other.started_at) - began) / 60_000);
  const when = minutes === 0 ? "at the same time" : `${Math.abs(minutes)} min ${minutes < 0 ? "before" : "after"}`;
  return <List.Item><Link to={`/incidents/${encodeURIComponent(other.id)}`}>{other.title}</Link> <Text span size="xs" c="dimmed">{[other.service, when, other.status].filter(Boolean).join(" · ")}</Text></List.Item>;
}

/** A named list; where it is empty, `none` says so, and `more` where to go. */
function Part({ title, none, more, children }: { title: string; none?: string | undefined; more?: ReactNode; children: ReactNode }) {
  const empty = Array.isArray(children) && children.length === 0;
  return (
    <div>
      <Text size="sm" fw={600}>{title}</Text>
      {empty ? <Text size="sm" c="dimmed" component="div">{none ?? "Looking…"} {none && more}</Text> : Array.isArray(children) ? <List size="sm" spacing={2} className="onrecall-wrap">{children}</List> : children}
    </div>
  );
}
