// What to go on where nothing like it was seen: the service's runbooks, its last changes, what began together, who knows it.
import { List, Paper, Stack, Text } from "@mantine/core";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "react-router";

import { api, dataOf, type Schemas } from "../api/client";
import { hasFailed } from "../failures";
import { documentAddress } from "../search";
import { firstThing, missing, unknownFirst } from "../never-seen";
import { InlineCode } from "./inline-code";
import { ServiceLink } from "./service-link";
import { PartFailed, Waiting } from "./states";
import { clock, type Incident, type IncidentSeen, labelText, shortName } from "../format";

const HOURS_BEFORE = 24;
const TOGETHER_MINUTES = 30;
const SHOWN = 5;
const LONGEST = 120; // characters of another incident's title

export function NeverSeen({ incident, record }: { incident: IncidentSeen; record: ServiceRecord }) {
  const { service } = incident;
  return (
    <Paper withBorder p="md" radius="lg" component="section" aria-label="what to go on" className="onrecall-first onrecall-snug">
      <Stack gap="sm">
        <div>
          <Text fw={700} size="sm">Start here</Text>
          <First incident={incident} record={record} />
          <Text size="sm" c="dimmed">No similar incident is on record, so there is no step that worked before.</Text>
        </div>
        {record.settled ? (
          <>
            {service ? <OfService record={record} service={service} /> : <Text size="sm">No service is named, so its runbooks and changes can’t be looked up. <Link to="/memory?kind=documents">Browse all runbooks</Link>.</Text>}
            <BeganTogether around={record.around} began={Date.parse(incident.started_at)} />
          </>
        ) : <Waiting rows={2} height={72} />}
        <Text size="sm">OnRecall learns from what you find out: add a note below, and resolve the incident with what fixed it.</Text>
      </Stack>
    </Paper>
  );
}

function First({ incident, record }: { incident: IncidentSeen; record: ServiceRecord }) {
  const unknown = unknownFirst(record);
  if (unknown) return <Text fw={600} className="onrecall-lead">{unknown} could not be loaded: try again below.</Text>;
  const first = record.settled && firstThing({ service: incident.service, began: incident.started_at, documents: record.documents.rows ?? [], changes: record.changes.rows ?? [], people: peopleOf(record), alerts: incident.alert_count ?? 0, labels: incident.labels });
  if (!first) return <Text fw={600} className="onrecall-lead" role="status">Looking up what is on record…</Text>;
  return <Text fw={600} className="onrecall-wrap onrecall-lead">{first.document ? <Link to={documentAddress(first.document)}><InlineCode text={first.words} /></Link> : <InlineCode text={first.words} />}</Text>;
}

/** What one question brought: rows, nothing yet, or that it failed, which is not the same as no rows. */
interface Listing<Row> {
  rows: readonly Row[] | undefined;
  failed: boolean;
  again: () => void;
}

export interface ServiceRecord {
  /** Whether each question was answered or failed: what they bring is shown at once, so that nothing moves under a finger. */
  settled: boolean;
  documents: Listing<Schemas["DocumentOut"]>;
  changes: Listing<Schemas["ChangeOut"]>;
  earlier: Listing<Incident>;
  around: Listing<Incident>;
}

const listing = <Row,>(query: UseQueryResult<{ items: Row[] }>): Listing<Row> => ({ rows: query.data?.items, failed: hasFailed(query), again: () => void query.refetch() });

/** Incidents that began about when this one did: one of them may be its cause. */
function useAround({ id, started_at: at }: Incident, wanted: boolean): Listing<Incident> {
  const from = (minutes: number) => new Date(Date.parse(at) + minutes * 60_000).toISOString();
  const query = useQuery({
    queryKey: ["around", at],
    enabled: wanted,
    queryFn: () => dataOf(api.GET("/api/v1/incidents", { params: { query: { since: from(-TOGETHER_MINUTES), until: from(TOGETHER_MINUTES), limit: 20 } } })),
  });
  const around = listing<Incident>(query);
  return { ...around, rows: around.rows?.filter((other) => other.id !== id).slice(0, SHOWN) };
}

/** What is on record of the incident's service and its time; asked for only where it is wanted. */
export function useServiceRecord(incident: Incident, wanted: boolean): ServiceRecord {
  const service = incident.service ?? "";
  const enabled = wanted && service !== "";
  const documents = useQuery({ queryKey: ["documents", "of", service], enabled, queryFn: () => dataOf(api.GET("/api/v1/documents", { params: { query: { service, limit: SHOWN } } })) });
  const since = new Date(Date.parse(incident.started_at) - HOURS_BEFORE * 3_600_000).toISOString();
  const changes = useQuery({ queryKey: ["changes", service, incident.started_at], enabled, queryFn: () => dataOf(api.GET("/api/v1/changes", { params: { query: { service, since, until: incident.started_at, limit: SHOWN } } })) });
  const past = useQuery({ queryKey: ["past", service], enabled, queryFn: () => dataOf(api.GET("/api/v1/incidents", { params: { query: { service, status: "resolved", limit: SHOWN } } })) });
  const earlier = listing(past);
  const around = useAround(incident, wanted);
  const settled = (part: Listing<unknown>): boolean => part.rows !== undefined || part.failed;
  const [ofDocuments, ofChanges] = [listing(documents), listing(changes)];
  return {
    settled: settled(around) && (!enabled || [ofDocuments, ofChanges, earlier].every(settled)),
    documents: ofDocuments, changes: ofChanges, around,
    earlier: { ...earlier, rows: earlier.rows?.filter((other) => other.id !== incident.id) },
  };
}

const peopleOf = ({ earlier }: ServiceRecord): string[] => [...new Set((earlier.rows ?? []).flatMap((past) => past.assignee ?? past.resolution?.by ?? []))];

function OfService({ record, service }: { record: ServiceRecord; service: string }) {
  const { documents, changes, earlier } = record;
  const people = peopleOf(record);
  const none = (part: Listing<unknown>): boolean => part.rows?.length === 0;
  const absent = record.settled ? missing(service, { documents: none(documents), changes: none(changes), earlier: none(earlier) }) : null;
  return (
    <>
      <Rows listing={documents} title={`Runbooks of ${shortName(service)}`} what="Its runbooks">{(document) => <List.Item key={document.id}><Link to={documentAddress(document.id)}><InlineCode text={document.title} /></Link></List.Item>}</Rows>
      <Rows listing={changes} title={`Changes in the ${HOURS_BEFORE} h before`} what="Its changes">{(change) => <List.Item key={`${change.source}${change.key}`}><InlineCode text={change.title} /> <Text span size="xs" c="dimmed">{clock(change.at)}</Text></List.Item>}</Rows>
      <Rows listing={earlier} title={`The last incidents of ${shortName(service)}`} what="Its last incidents">{(past) => <List.Item key={past.id}><Link to={`/incidents/${encodeURIComponent(past.id)}`}><InlineCode text={past.title} /></Link>{past.resolution?.cause && `: ${labelText(past.resolution.cause)}`}</List.Item>}</Rows>
      {people.length > 0 && <Part title="Who worked on it last"><Text size="sm" className="onrecall-wrap">{people.slice(0, SHOWN).join(", ")}</Text></Part>}
      <Text size="sm" c="dimmed" component="div" className="onrecall-wrap">{absent} {none(documents) && <Link to="/memory?import=1">Add a runbook</Link>} {(earlier.rows?.length ?? 0) > 0 && <>Everything about <ServiceLink name={service} /></>}</Text>
    </>
  );
}

/** A named list of what a question brought; nothing where it brought none, and that it failed where it did. */
function Rows<Row>({ listing: { rows, failed, again }, title, what, children }: { listing: Listing<Row>; title: string; what: string; children: (row: Row) => ReactNode }) {
  if (failed) return <PartFailed what={what} again={again} />;
  return rows && rows.length > 0 && <Part title={title}><List size="sm" spacing={2} className="onrecall-wrap">{rows.map(children)}</List></Part>;
}

function BeganTogether({ around: { rows: others = [], failed, again }, began }: { around: Listing<Incident>; began: number }) {
  if (failed) return <PartFailed what="What began about the same time" again={again} />;
  return (
    <Part title={`Began within ${TOGETHER_MINUTES} minutes of it`}>
      {others.length === 0 ? <Text size="sm" c="dimmed">Nothing else did.</Text> : <List size="sm" spacing={2} className="onrecall-wrap">{others.map((other) => <OtherIncident key={other.id} other={other} began={began} />)}</List>}
    </Part>
  );
}

function OtherIncident({ other, began }: { other: Incident; began: number }) {
  const minutes = Math.round((Date.parse(other.started_at) - began) / 60_000);
  const when = minutes === 0 ? "at the same time" : `${Math.abs(minutes)} min ${minutes < 0 ? "before" : "after"}`;
  const title = other.title.length > LONGEST ? `${other.title.slice(0, LONGEST)}…` : other.title;
  return <List.Item><Link to={`/incidents/${encodeURIComponent(other.id)}`}><InlineCode text={title} /></Link> <Text span size="xs" c="dimmed">{[other.service && shortName(other.service), when, other.status].filter(Boolean).join(" · ")}</Text></List.Item>;
}

const Part = ({ title, children }: { title: string; children: ReactNode }) => (
  <div>
    <Text size="sm" fw={600}>{title}</Text>
    {children}
  </div>
);
