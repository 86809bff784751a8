// What to go on where nothing like it was seen: the service's runbooks, its last changes, what began together, who knows it.
import { List, Paper, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "react-router";

import { api, dataOf, type Schemas } from "../api/client";
import { documentAddress } from "../search";
import { firstThing, missing, type OnRecord } from "../never-seen";
import { ServiceLink } from "./service-link";
import { clock, type Incident, labelText } from "../format";

const HOURS_BEFORE = 24;
const TOGETHER_MINUTES = 30;
const SHOWN = 5;
const LONGEST = 120; // characters of another incident's title

export function NeverSeen({ incident }: { incident: Incident }) {
  const { service } = incident;
  const record = useRecord(incident);
  const first = record && firstThing(record);
  return (
    <Paper withBorder p="md" radius="lg" component="section" aria-label="what to go on" className="onrecall-first onrecall-snug">
      <Stack gap="sm">
        <div>
          <Text fw={700} size="sm">Start here</Text>
          <Text fw={600} className="onrecall-wrap onrecall-lead">{first ? (first.document ? <Link to={documentAddress(first.document)}>{first.words}</Link> : first.words) : "Looking…"}</Text>
          <Text size="sm" c="dimmed">Nothing similar is on record, so no step is suggested.</Text>
        </div>
        {service ? record && <OfService record={record} service={service} /> : <Text size="sm">No service is named, so its runbooks and changes can’t be looked up. <Link to="/memory?kind=documents">Browse all runbooks</Link>.</Text>}
        <BeganTogether incident={incident} />
        <Text size="sm">OnRecall learns from what you find out: add a note below, and resolve the incident with what fixed it.</Text>
      </Stack>
    </Paper>
  );
}

interface ServiceRecord extends OnRecord {
  changes: readonly Schemas["ChangeOut"][];
  earlier: readonly Schemas["IncidentOut"][];
}

/** What is on record of the incident's service; undefined until all of it has come. */
function useRecord(incident: Incident): ServiceRecord | undefined {
  const service = incident.service ?? "";
  const enabled = service !== "";
  const documents = useQuery({ queryKey: ["documents", "of", service], enabled, queryFn: () => dataOf(api.GET("/api/v1/documents", { params: { query: { service, limit: SHOWN } } })) });
  const since = new Date(Date.parse(incident.started_at) - HOURS_BEFORE * 3_600_000).toISOString();
  const changes = useQuery({ queryKey: ["changes", service, incident.started_at], enabled, queryFn: () => dataOf(api.GET("/api/v1/changes", { params: { query: { service, since, until: incident.started_at, limit: SHOWN } } })) });
  const past = useQuery({ queryKey: ["past", service], enabled, queryFn: () => dataOf(api.GET("/api/v1/incidents", { params: { query: { service, status: "resolved", limit: SHOWN } } })) });
  if (enabled && [documents, changes, past].some((part) => part.isPending)) return undefined;
  const earlier = (past.data?.items ?? []).filter((other) => other.id !== incident.id);
  const people = [...new Set(earlier.flatMap((past) => past.assignee ?? past.resolution?.by ?? []))];
  return { service: incident.service, began: incident.started_at, documents: documents.data?.items ?? [], changes: changes.data?.items ?? [], people, earlier };
}

function OfService({ record, service }: { record: ServiceRecord; service: string }) {
  const { documents, changes, earlier, people } = record;
  const absent = missing(service, { documents: documents.length, changes: changes.length, earlier: earlier.length });
  return (
    <>
      {documents.length > 0 && <Part title={`Runbooks of ${service}`}>{documents.map((document) => <List.Item key={document.id}><Link to={documentAddress(document.id)}>{document.title}</Link></List.Item>)}</Part>}
      {changes.length > 0 && <Part title={`Changes in the ${HOURS_BEFORE} h before`}>{changes.map((change) => <List.Item key={`${change.source}${change.key}`}>{change.title} <Text span size="xs" c="dimmed">{clock(change.at)}</Text></List.Item>)}</Part>}
      {earlier.length > 0 && <Part title={`The last incidents of ${service}`}>{earlier.map((past) => <List.Item key={past.id}><Link to={`/incidents/${encodeURIComponent(past.id)}`}>{past.title}</Link>{past.resolution?.cause && `: ${labelText(past.resolution.cause)}`}</List.Item>)}</Part>}
      {people.length > 0 && <Part title="Who worked on it last"><Text size="sm">{people.slice(0, SHOWN).join(", ")}</Text></Part>}
      <Text size="sm" c="dimmed" component="div" className="onrecall-wrap">{absent} {documents.length === 0 && <Link to="/memory?import=1">Add a runbook</Link>} {earlier.length > 0 && <>Everything about <ServiceLink name={service} /></>}</Text>
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
  return <List.Item><Link to={`/incidents/${encodeURIComponent(other.id)}`}>{other.title.length > LONGEST ? `${other.title.slice(0, LONGEST)}…` : other.title}</Link> <Text span size="xs" c="dimmed">{[other.service, when, other.status].filter(Boolean).join(" · ")}</Text></List.Item>;
}

/** A named list; where it is empty, `none` says so. */
function Part({ title, none, children }: { title: string; none?: string | undefined; children: ReactNode }) {
  const empty = Array.isArray(children) && children.length === 0;
  return (
    <div>
      <Text size="sm" fw={600}>{title}</Text>
      {empty ? <Text size="sm" c="dimmed" component="div">{none ?? "Looking…"}</Text> : Array.isArray(children) ? <List size="sm" spacing={2} className="onrecall-wrap">{children}</List> : children}
    </div>
  );
}
