// One incident: the verdict, why, and the first safe step above the fold; everything else below.
import { ActionIcon, Badge, Button, Code, Group, Stack, Table, Text, Title, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPencil } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, type RefObject, Suspense, useEffect, useRef, useState } from "react";
import { Link, useParams } from "react-router";

import { api, dataOf, Problem, type Schemas } from "../api/client";
import { lazily } from "../lazily";
import { ANYWAY_MS, useEvery, useNarrow, useNow } from "../live-updates";
import { type StepOutcomes, type AnswerOutcomes as MarkedAnswer, marksOf, outcomeOf, withMark } from "../step-outcomes";
import { type Draft, draftOf, withDraft } from "../resolve-form";
import { ActionItems } from "../parts/action-items";
import { plainText } from "../plain-text";
import { AlertLinks } from "../parts/alert-links";
import { AnswerRest, AnswerTop, Section } from "../parts/answer";
import type { CheckResult, MarkCheck } from "../parts/checks";
import { Id } from "../parts/copy";
import { ResolutionHistory } from "../parts/resolution";
import { LabelsNow } from "../parts/command";
import { NotFound } from "../parts/not-found";
import { NeverSeen } from "../parts/never-seen";
import { Notes } from "../parts/notes";
import { Assignee } from "../parts/people";
import { Postmortem } from "../parts/postmortem";
import { IncidentReport } from "../parts/incident-report";
import { Shortened } from "../parts/shortened";
import { Resolve } from "../parts/resolve";
import { Failure, Waiting } from "../parts/states";
import { Alerts, Changes, Merge, StillFiring, Unmerge, useAlerts } from "../parts/storm";
import { ServiceLink } from "../parts/service-link";
import { SuggestionsFor } from "../parts/suggestions";
import { notify } from "../parts/toasts";
import { Timeline, useTimeline } from "../parts/timeline";
import { TimeAgo } from "../parts/time-ago";
import { mayChange, useMe } from "../current-user";
import { useRemember } from "../recent";
import { age, capitalized, changed, countText, type Check, hour, type Incident as Noun, moment, type Outcome, type Recommendation, SEVERITY, type Step } from "../format";

const EditIncident = lazily(() => import("../parts/edit-incident").then((part) => part.EditIncident));

const ANSWER_MS = 2_000;
const GRACE_MS = 1_500; // how long what stands below an answer waits for it

export function Incident() {
  const { id = "" } = useParams();
  return <Page key={id} id={id} />;
}

/** All of it begins anew with another incident: what was marked or written belongs to one. */
function Page({ id }: { id: string }) {
  const path = { params: { path: { incident_id: id } } };
  const incident = useQuery({
    queryKey: ["incident", id],
    queryFn: () => dataOf(api.GET("/api/v1/incidents/{incident_id}", path)),
    refetchInterval: useEvery(),
  });
  const over = incident.data?.status === "resolved";
  const [answer, asking] = useAnswer(id, !over, !incident.isPending && !(over && incident.data?.answered === false));
  const [marked, drafts, mark] = useMarks(id, answer);
  const markCheck = useMarkCheck(id, answer);
  const resolving = useResolving();
  if (incident.isPending) return <Waiting />;
  if (incident.isLoadingError && incident.error instanceof Problem && incident.error.status === 404) return <NotFound title={`There is no incident ${id}`}>It may have another name, or it was removed. Search for its title or service.</NotFound>;
  if (incident.isLoadingError) return <Failure error={incident.error} again={() => void incident.refetch()} />;
  const shown = incident.data;
  const unseen = answer?.verdict === "never_seen" && shown.status !== "resolved";
  const doing = <Actions incident={shown} answer={answer} drafts={drafts} resolving={resolving} />;
  return (
    <Context incident={shown}>
    <Stack gap="md" className="onrecall-tight">
      <Head incident={shown} alerts={shown.alert_count ?? 0} links={shown.alert_links} changes={shown.changes ?? []} />
      {asking && !over ? <Waiting rows={2} height={200} /> : <div className="onrecall-two">
        <Stack gap="md" className="onrecall-tight" miw={0}>
          {shown.status === "resolved" && <StillFiring id={shown.id} />}
          {shown.resolution && !resolving.opened && <ResolutionHistory id={shown.id} incident={shown} resolution={shown.resolution} edit={resolving.open} />}
          {shown.status === "resolved" && !shown.resolution && <SuggestionsFor incident={id} />}
          {shown.resolution && doing}
          {answer ? <AnswerTop answer={answer} /> : shown.status !== "resolved" && <Waiting rows={2} height={120} />}
          {unseen && <NeverSeen incident={shown} />}
          {unseen && <Notes id={shown.id} />}
          {/* In one place with and without an answer: what somebody is writing stays when the answer comes. */}
          {!shown.resolution && doing}
          {answer && <Helped key={answer.id} answer={answer} incident={id} marked={marked} />}
          {answer && <AnswerRest answer={answer} question={`${shown.title}\n${shown.description}`} {...(shown.status === "resolved" ? { over: true } : { marked, mark, markCheck })} />}
        </Stack>
        <Stack gap="md" miw={0}>
          {!unseen && <Notes id={shown.id} />}
          {shown.status === "resolved" && <ActionItems incident={shown} />}
          <Changes changes={shown.changes ?? []} />
          {shown.description && (
            <Section title="Alert details">
              <Code block className="onrecall-excerpt" tabIndex={0}>{plainText(shown.description)}</Code>
            </Section>
          )}
          <Alerts incident={shown} />
          <IncidentReport incident={shown} />
          {shown.status !== "resolved" && <ActionItems incident={shown} />}
          <Timeline id={id} />
          <Labels labels={shown.labels} />
        </Stack>
      </div>}
    </Stack>
    </Context>
  );
}

/** Gives the commands below what the alerts of now say, and remembers that this was looked at. */
function Context({ incident, children }: { incident: Noun; children: ReactNode }) {
  const alerts = useAlerts(incident.id);
  useRemember(incident);
  const labels = [incident.labels, ...(alerts.data?.items ?? []).map((alert) => alert.labels)];
  return <LabelsNow value={labels}>{children}</LabelsNow>;
}

interface HeadProps {
  incident: Noun;
  /** How many alerts it is made of. */
  alerts: number;
  links: Schemas["AlertLinkOut"][] | undefined;
  changes: readonly Schemas["ChangeBeforeOut"][];
}

function Head({ incident, alerts, links, changes }: HeadProps) {
  const now = useNow();
  const [editing, edit] = useDisclosure(false);
  const button = useFocusAfter(editing);
  if (editing) return <Suspense fallback={<Waiting rows={1} height={220} />}><EditIncident incident={incident} close={edit.close} /></Suspense>;
  return (
    <Stack gap={4}>
      <Heading title={incident.title} />
      <Group gap={6}>
        {incident.severity !== "unknown" && <Badge color={SEVERITY[incident.severity]} variant="light">{incident.severity}</Badge>}
        {incident.status === "resolved" && <Badge variant="filled" color="teal.9" autoContrast>{incident.status}</Badge>}
        {incident.status === "acknowledged" && <Acknowledged id={incident.id} at={incident.acknowledged_at} />}
        {incident.service && <Text size="sm" component="span" className="onrecall-fit" title={incident.service}><ServiceLink name={incident.service} /></Text>}
        <Text size="sm" c="dimmed" title={moment(incident.started_at)}>
          {incident.resolved_at ? `took ${age(incident.started_at, Date.parse(incident.resolved_at))}` : `for ${age(incident.started_at, now)}, since ${hour(incident.started_at)}`}{alerts > 1 && ` · ${countText(alerts, "alert")}`}
        </Text>
        <Id value={incident.id} />
        {(incident.status !== "resolved" || incident.assignee) && <Assignee incident={incident} />}
        <EditButton open={edit.open} button={button} />
        {incident.source === "example" && <Badge variant="light" color="grape" tt="none" visibleFrom="sm">example</Badge>}
      </Group>
      {(incident.tags ?? []).length > 0 && <Group gap={6} role="list" aria-label="tags" className="onrecall-links">{incident.tags?.map((tag) => <Badge key={tag} role="listitem" variant="default" tt="none" flex="none">{tag}</Badge>)}</Group>}
      {incident.status !== "resolved" && changes[0] && <Text size="sm" className="onrecall-wrap" lineClamp={2} title={changed(changes[0])}>{capitalized(changed(changes[0]))}</Text>}
      <AlertLinks links={links} />
      {incident.links.map((link) => (
        <Text key={`${link.kind}${link.incident}`} size="sm">
          {link.kind === "merged" ? "merged into" : `${link.kind} of`} <Link to={`/incidents/${encodeURIComponent(link.incident)}`}>{link.incident}</Link>
          {link.kind === "merged" && <Unmerge id={incident.id} from={link.incident} />}
        </Text>
      ))}
    </Stack>
  );
}

/** The button that the keyboard is on again once what it opened is closed. */
function useFocusAfter(opened: boolean): RefObject<HTMLButtonElement | null> {
  const button = useRef<HTMLButtonElement>(null);
  const before = useRef(opened);
  useEffect(() => {
    if (before.current && !opened) button.current?.focus();
    before.current = opened;
  }, [opened]);
  return button;
}

function EditButton({ open, button }: { open: () => void; button: RefObject<HTMLButtonElement | null> }) {
  const locked = !mayChange(useMe().data?.role);
  return (
    <Tooltip label={locked ? "Your key may only read" : "Edit title, service, severity, tags and labels"}>
      <ActionIcon ref={button} variant="subtle" size="md" onClick={open} disabled={locked} aria-label="edit title, service, severity, tags and labels"><IconPencil size={16} aria-hidden /></ActionIcon>
    </Tooltip>
  );
}

/** Who acknowledged it last, and when; a sender's acknowledgement names the sender. */
function Acknowledged({ id, at }: { id: string; at: string | null }) {
  const last = useTimeline(id).data?.items.filter((event) => event.type === "acknowledged").at(-1);
  const when = last?.at ?? at;
  const by = last?.by ?? (typeof last?.detail["source"] === "string" ? last.detail["source"] : null);
  return <Badge variant="default" tt="none" maw="100%">acknowledged{by && ` by ${by}`}{when && <> <TimeAgo at={when} /></>}</Badge>;
}

/** The title; a long one is cut, on a phone sooner, and told whole when it is touched. */
function Heading({ title }: { title: string }) {
  const [whole, { toggle }] = useDisclosure(false);
  const narrow = useNarrow();
  return (
    <Title order={1} size={narrow ? "h5" : "h3"} className="onrecall-wrap" title={title} onClick={toggle} {...(whole ? {} : { lineClamp: narrow ? 4 : 3 })}>{title}</Title>
  );
}

/** What came of each step, told to the server at once; the same button again takes nothing back, another one corrects. */
function useMarks(incident: string, answer: Recommendation | undefined): [StepOutcomes, readonly Draft[], (step: Step, outcome: Outcome) => void] {
  const [marks, setMarks] = useState<MarkedAnswer>();
  const [drafts, setDrafts] = useState<readonly Draft[]>([]);
  const tell = useMutation({
    mutationFn: (all: MarkedAnswer) => dataOf(api.POST("/api/v1/recommendations/{recommendation_id}/outcome", {
      params: { path: { recommendation_id: all.answer } },
      body: outcomeOf(incident, all.steps),
    })),
    onError: (error) => notify({ color: "red", title: "That was not saved", message: error.message }),
  });
  const mark = (step: Step, outcome: Outcome) => {
    if (!answer) return;
    const all = withMark(marks, answer.id, step.n, outcome);
    setMarks(all);
    setDrafts((old) => withDraft(old, draftOf(step, outcome)));
    tell.mutate(all);
  };
  return [marksOf(marks, answer?.id), drafts, mark];
}

/** What a check showed goes to the server, which says what to look at next. */
function useMarkCheck(incident: string, answer: Recommendation | undefined): MarkCheck {
  const queries = useQueryClient();
  const tell = useMutation({
    mutationFn: ({ check, result }: { check: Check; result: CheckResult }) => dataOf(api.POST("/api/v1/recommendations/{recommendation_id}/checks/{n}", {
      params: { path: { recommendation_id: answer?.id ?? "", n: check.n } },
      body: { result },
    })),
    onSuccess: () => Promise.all(["answer", "timeline"].map((part) => queries.invalidateQueries({ queryKey: [part, incident] }))),
    onError: (error) => notify({ color: "red", title: "That was not kept", message: error.message }),
  });
  return (check, result) => tell.mutate({ check, result });
}

function Helped({ answer, incident, marked }: { answer: Recommendation; incident: string; marked: StepOutcomes }) {
  const tell = useMutation({
    mutationFn: (verdict: "helped" | "did_not_help") => dataOf(api.POST("/api/v1/recommendations/{recommendation_id}/outcome", {
      params: { path: { recommendation_id: answer.id } },
      body: { ...outcomeOf(incident, marked), verdict },
    })),
  });
  return (
    <Group gap="xs">
      <Text size="sm">Did this answer help?</Text>
      {(["helped", "did_not_help"] as const).map((verdict) => (
        <Button key={verdict} size="xs" variant={tell.variables === verdict ? "filled" : "default"} aria-pressed={tell.variables === verdict} onClick={() => tell.mutate(verdict)}>
          {verdict === "helped" ? "It helped" : "It did not"}
        </Button>
      ))}
      {tell.isSuccess && <Text size="sm" c="dimmed" role="status">Thank you. Later answers take it into account.</Text>}
      {tell.isError && <Failure error={tell.error} />}
    </Group>
  );
}

interface Resolving {
  opened: boolean;
  open: () => void;
  toggle: () => void;
  close: () => void;
}

function useResolving(): Resolving {
  const [opened, { open, toggle, close }] = useDisclosure(false);
  return { opened, open, toggle, close };
}

interface ActionsProps {
  incident: Noun;
  answer: Recommendation | undefined;
  drafts: readonly Draft[];
  resolving: Resolving;
}

function Actions({ incident, answer, drafts, resolving }: ActionsProps) {
  const queries = useQueryClient();
  const [merging, merge] = useDisclosure(false);
  const path = { params: { path: { incident_id: incident.id } } };
  const again = () => void queries.invalidateQueries();
  const acknowledge = useMutation({ mutationFn: () => dataOf(api.POST("/api/v1/incidents/{incident_id}/acknowledge", path)), onSuccess: again });
  const reopen = useMutation({ mutationFn: () => dataOf(api.POST("/api/v1/incidents/{incident_id}/reopen", path)), onSuccess: again });
  const error = acknowledge.error ?? reopen.error;
  return (
    <Stack gap="sm">
      <Group gap="xs">
        {incident.status === "open" && <Button variant="default" onClick={() => acknowledge.mutate()} loading={acknowledge.isPending}>Acknowledge</Button>}
        {incident.status !== "resolved" && <Button onClick={resolving.toggle} aria-expanded={resolving.opened}>Resolve…</Button>}
        {incident.status === "resolved" && !incident.resolution && <Button variant="default" onClick={resolving.toggle} aria-expanded={resolving.opened}>Add the cause…</Button>}
        {incident.status === "resolved" && <Button variant="default" onClick={() => reopen.mutate()} loading={reopen.isPending}>Reopen</Button>}
        {incident.status !== "resolved" && <Button variant="default" onClick={merge.toggle} aria-expanded={merging}>Merge…</Button>}
        {incident.status === "resolved" && <Postmortem id={incident.id} />}
      </Group>
      {error && <Failure error={error} />}
      {merging && <Merge incident={incident} done={merge.close} />}
      {resolving.opened && <Resolve incident={incident} answer={answer} marked={drafts} done={() => { resolving.close(); again(); }} />}
    </Stack>
  );
}

const Labels = ({ labels }: { labels: Noun["labels"] }) =>
  Object.keys(labels).length === 0 ? null : (
    <Section title="Labels">
      <Table layout="fixed">
        <Table.Tbody>
          {Object.entries(labels).map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Td className="onrecall-wrap" c="dimmed">{name}</Table.Td>
              <Table.Td className="onrecall-wrap"><Shortened text={value} lines={4} /></Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );

/**
 * The newest answer to an incident, and whether it is asked for the first time: what stands below an answer comes with it,
 * so that nothing moves under a finger. Asked for often only while one is on its way, and not where there will be none.
 */
function useAnswer(id: string, going: boolean, enabled: boolean): [Recommendation | undefined, boolean] {
  const answer = useQuery({
    queryKey: ["answer", id],
    queryFn: () => dataOf(api.GET("/api/v1/incidents/{incident_id}/recommendation", { params: { path: { incident_id: id } } })),
    enabled,
    retry: false,
    refetchInterval: (query) => (query.state.data ? ANYWAY_MS : going && ANSWER_MS),
  });
  const late = useLate(GRACE_MS);
  return [answer.data, answer.isFetching && !answer.isFetched && !late];
}

/** Whether so much time has passed since the page opened. */
function useLate(ms: number): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return late;
}
