// One incident: the verdict, why, and the first safe step above the fold; everything else below.
import { Code, Stack, Table } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useDeferredValue, useMemo } from "react";
import { useParams } from "react-router";

import { api, dataOf, Problem } from "../api/client";
import { unlessFailed, useFailure } from "../failures";
import { mayChange, useMe } from "../current-user";
import type { Incident as Noun, IncidentSeen } from "../format";
import { type AnswerState, useAnswer, useMarkCheck, useMarks } from "../incident-answer";
import { useEveryAnyway, useLate } from "../live-updates";
import { ActionItems } from "../parts/action-items";
import { AnswerRest, AnswerTop } from "../parts/answer";
import { LabelsNow } from "../parts/command";
import { Helped, IncidentActions, useResolving } from "../parts/incident-actions";
import { IncidentHead } from "../parts/incident-head";
import { IncidentReport } from "../parts/incident-report";
import { Later } from "../parts/later";
import { NeverSeen, type ServiceRecord, useServiceRecord } from "../parts/never-seen";
import { NotFound } from "../parts/not-found";
import { Notes } from "../parts/notes";
import { ResolutionHistory } from "../parts/resolution";
import { Section } from "../parts/section";
import { Shortened } from "../parts/shortened";
import { Failure, QueryState, Searching, Waiting } from "../parts/states";
import { Alerts, Changes, StillFiring, useAlerts } from "../parts/storm";
import { SuggestionsFor } from "../parts/suggestions";
import { Timeline } from "../parts/timeline";
import { plainText } from "../plain-text";
import { useRemember } from "../recent";

const LATE_MS = 2_000; // nobody waits longer for a button because a list has not come
const LONG_MS = 15_000; // an answer takes a second; after so long something may be wrong

export function Incident() {
  const { id = "" } = useParams();
  return <Page key={id} id={id} />;
}

/** All of it begins anew with another incident: what was marked or written belongs to one. */
function Page({ id }: { id: string }) {
  const incident = useQuery({
    queryKey: ["incident", id],
    queryFn: () => dataOf(api.GET("/api/v1/incidents/{incident_id}", { params: { path: { incident_id: id } } })),
    refetchInterval: unlessFailed(useEveryAnyway()),
  });
  const failure = useFailure(incident);
  const shown = useDeferredValue(incident.data); // drawn in slices: a touch does not wait for it
  const over = incident.data?.status === "resolved";
  const state = useAnswer(id, !over, !incident.isPending && !(over && incident.data?.answered === false));
  if (!incident.data && failure instanceof Problem && failure.status === 404) return <NotFound title={`There is no incident ${id}`}>It may have another name, or it was removed. Search for its title or service.</NotFound>;
  if (!incident.data) return <QueryState query={incident} />;
  if (!shown) return <Waiting />;
  return (
    <Context incident={shown}>
      <Stack gap="md" className="onrecall-tight">
        <IncidentHead incident={shown} />
        {state.asking && !over ? <Waiting rows={2} height={200} /> : <Parts incident={shown} state={state} />}
      </Stack>
    </Context>
  );
}

/** Whether the page is about something that nothing on record is like, and so a place to write. */
const isUnseen = (incident: Noun, { answer }: AnswerState): boolean => answer?.verdict === "never_seen" && incident.status !== "resolved";

/** What to do, and what is on record. Below a list that is still being looked up nothing stands, so that it pushes nothing down. */
function Parts({ incident, state }: { incident: IncidentSeen; state: AnswerState }) {
  const unseen = isUnseen(incident, state);
  const record = useServiceRecord(incident, unseen);
  const lookingUp = unseen && !record.settled;
  const late = useLate(LATE_MS, lookingUp);
  const growing = lookingUp && !late;
  return (
    <div className="onrecall-two">
      <WhatToDo incident={incident} state={state} record={record} growing={growing} />
      {!growing && <Later><OnRecord incident={incident} unseen={unseen} /></Later>}
    </div>
  );
}

interface WhatToDoProps {
  incident: IncidentSeen;
  state: AnswerState;
  record: ServiceRecord;
  /** Whether what is on record is still being looked up. */
  growing: boolean;
}

/** How it ended or what to do, and what people did so far. */
function WhatToDo({ incident, state, record, growing }: WhatToDoProps) {
  const { answer } = state;
  const { id } = incident;
  const over = incident.status === "resolved";
  const unseen = isUnseen(incident, state);
  const [marked, drafts, mark] = useMarks(id, answer);
  const markCheck = useMarkCheck(id, answer);
  const resolving = useResolving();
  const locked = !mayChange(useMe().data?.role);
  const actions = <IncidentActions incident={incident} answer={answer} drafts={drafts} resolving={resolving} />;
  return (
    <Stack gap="md" className="onrecall-tight" miw={0}>
      {over && <StillFiring id={id} />}
      {incident.resolution && !resolving.opened && <ResolutionHistory id={id} incident={incident} resolution={incident.resolution} {...(locked ? {} : { edit: resolving.open })} />}
      {over && !incident.resolution && <SuggestionsFor incident={id} />}
      {incident.resolution && actions}
      {answer ? <AnswerTop answer={answer} /> : <NoAnswer state={state} over={over} />}
      {unseen && <NeverSeen incident={incident} record={record} />}
      {unseen && !growing && <Notes id={id} />}
      {/* In one place with and without an answer: what somebody is writing stays when the answer comes. */}
      {!incident.resolution && <div hidden={growing && !resolving.opened}>{actions}</div>}
      {answer && !growing && <Helped key={answer.id} answer={answer} incident={id} marked={marked} />}
      {answer && !growing && <Later><AnswerRest answer={answer} question={`${incident.title}\n${incident.description}`} {...(over ? { over } : locked ? {} : { marked, mark, markCheck })} /></Later>}
    </Stack>
  );
}

/** In place of an answer: that it is searched for, or why it could not be loaded. */
function NoAnswer({ state, over }: { state: AnswerState; over: boolean }) {
  const late = useLate(LONG_MS);
  if (state.error) return <Failure error={state.error} again={state.again} />;
  return over ? null : <Searching late={late} />;
}

/** Notes, alerts, changes, action items, and the timeline. */
function OnRecord({ incident, unseen }: { incident: IncidentSeen; unseen: boolean }) {
  const over = incident.status === "resolved";
  return (
    <Stack gap="md" miw={0}>
      {!unseen && <Notes id={incident.id} />}
      {over && <ActionItems incident={incident} />}
      <Changes changes={incident.changes ?? []} />
      {incident.description && (
        <Section title="Alert details">
          <Code block className="onrecall-excerpt" tabIndex={0}>{plainText(incident.description)}</Code>
        </Section>
      )}
      <Alerts incident={incident} />
      <IncidentReport incident={incident} />
      {!over && <ActionItems incident={incident} />}
      <Timeline id={incident.id} />
      <Labels labels={incident.labels} />
    </Stack>
  );
}

/** Gives the commands below what the alerts of now say, and remembers that this was looked at. */
function Context({ incident, children }: { incident: Noun; children: ReactNode }) {
  const alerts = useAlerts(incident.id);
  useRemember(incident);
  const labels = useMemo(() => [incident.labels, ...(alerts.data?.items ?? []).map((alert) => alert.labels)], [incident.labels, alerts.data]);
  return <LabelsNow value={labels}>{children}</LabelsNow>;
}

const Labels = ({ labels }: { labels: Noun["labels"] }) =>
  Object.keys(labels).length === 0 ? null : (
    <Section title="Labels">
      <Table layout="fixed">
        <Table.Tbody>
          {Object.entries(labels).map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={400} className="onrecall-wrap" c="dimmed">{name}</Table.Th>
              <Table.Td className="onrecall-wrap"><Shortened text={value} lines={4} /></Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
