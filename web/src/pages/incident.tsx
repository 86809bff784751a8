// One incident: the verdict, why, and the first safe step above the fold; everything else below.
import { Badge, Button, Code, Group, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useParams } from "react-router";

import { api, got, type Schemas } from "../api/client";
import { useEvery, useNow } from "../live";
import { Answer, type Marked, Section } from "../parts/answer";
import { Id } from "../parts/copy";
import { Resolve } from "../parts/resolve";
import { Failure, Waiting } from "../parts/states";
import { Alerts, Changes, Merge, Notes } from "../parts/storm";
import { age, type Incident as Noun, moment, OUTCOME, type Outcome, type Recommendation, SEVERITY, type Step } from "../words";
import { useAnswer } from "./now";

export function Incident() {
  const { id = "" } = useParams();
  const path = { params: { path: { incident_id: id } } };
  const incident = useQuery({
    queryKey: ["incident", id],
    queryFn: () => got(api.GET("/api/v1/incidents/{incident_id}", path)),
    refetchInterval: useEvery(),
  });
  const answer = useAnswer(id);
  const [marked, mark] = useMarks(answer);
  if (incident.isPending) return <Waiting />;
  if (incident.isError) return <Failure error={incident.error} again={() => void incident.refetch()} />;
  const one = incident.data;
  return (
    <Stack gap="md">
      <Head incident={one} />
      {answer ? (
        <>
          <Answer answer={answer} asked={`${one.title}\n${one.description}`} {...(one.status === "resolved" ? {} : { marked, mark })} />
          <Helped answer={answer} marked={marked} />
        </>
      ) : (
        <Waiting rows={2} height={120} />
      )}
      <Changes changes={one.changes ?? []} />
      {one.resolution && <Ended resolution={one.resolution} />}
      <Actions incident={one} answer={answer} marked={marked} />
      {one.description && (
        <Section title="What was told">
          <Code block className="onrecall-excerpt" tabIndex={0}>{one.description}</Code>
        </Section>
      )}
      <Alerts incident={one} />
      <Notes id={one.id} />
      <Labels labels={one.labels} />
      <Timeline id={id} />
    </Stack>
  );
}

function Head({ incident }: { incident: Noun }) {
  const now = useNow();
  return (
    <Stack gap={4}>
      <Group gap={6}>
        <Badge color={SEVERITY[incident.severity]} variant="light">{incident.severity}</Badge>
        <Badge variant={incident.status === "resolved" ? "filled" : "default"} color="teal">{incident.status}</Badge>
        {incident.service && <Text size="sm" fw={600}>{incident.service}</Text>}
        <Text size="sm" c="dimmed" title={moment(incident.started_at)}>
          {incident.resolved_at ? `took ${age(incident.started_at, Date.parse(incident.resolved_at))}` : `for ${age(incident.started_at, now)}`}
        </Text>
        <Id value={incident.id} />
      </Group>
      <Title order={1} size="h4" className="onrecall-wrap" lineClamp={3}>{incident.title}</Title>
      {incident.links.map((link) => (
        <Text key={`${link.kind}${link.incident}`} size="sm">
          {link.kind === "merged" ? "merged into" : `${link.kind} of`} <Link to={`/incidents/${encodeURIComponent(link.incident)}`}>{link.incident}</Link>
        </Text>
      ))}
    </Stack>
  );
}

/** What came of each step, told to the server at once; the same button again takes nothing back, another one corrects. */
function useMarks(answer: Recommendation | undefined): [Marked, (step: Step, outcome: Outcome) => void] {
  const [marked, setMarked] = useState<Marked>({});
  const tell = useMutation({
    mutationFn: (all: Marked) => got(api.POST("/api/v1/recommendations/{recommendation_id}/outcome", {
      params: { path: { recommendation_id: answer?.id ?? "" } },
      body: {
        verdict: Object.values(all).includes("worked") ? "helped" : "did_not_help",
        steps: Object.entries(all).map(([n, outcome]) => ({ n: Number(n), outcome })),
      },
    })),
    onError: (error) => notifications.show({ color: "red", title: "That was not kept", message: error.message }),
  });
  const mark = (step: Step, outcome: Outcome) => {
    const all = { ...marked, [step.n]: outcome };
    setMarked(all);
    tell.mutate(all);
  };
  return [marked, mark];
}

function Helped({ answer, marked }: { answer: Recommendation; marked: Marked }) {
  const tell = useMutation({
    mutationFn: (verdict: "helped" | "did_not_help") => got(api.POST("/api/v1/recommendations/{recommendation_id}/outcome", {
      params: { path: { recommendation_id: answer.id } },
      body: { verdict, steps: Object.entries(marked).map(([n, outcome]) => ({ n: Number(n), outcome })) },
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
      {tell.isSuccess && <Text size="sm" c="dimmed" role="status">Thank you: it counts from now on.</Text>}
      {tell.isError && <Failure error={tell.error} />}
    </Group>
  );
}

function Ended({ resolution }: { resolution: Schemas["ResolutionOut"] }) {
  return (
    <Section title="How it ended">
      <Paper withBorder p="md">
        <Stack gap="xs">
          <Text fw={600} className="onrecall-wrap">{resolution.root_cause}</Text>
          {resolution.cause && <Badge variant="default" tt="none">{resolution.cause}</Badge>}
          {resolution.summary && <Text size="sm" className="onrecall-wrap">{resolution.summary}</Text>}
          {resolution.steps.map((step, n) => (
            <Text key={n} size="sm" className="onrecall-wrap">{n + 1}. {step.text}{step.command && <> <Code>{step.command}</Code></>} ({OUTCOME[step.outcome]})</Text>
          ))}
          <Text size="xs" c="dimmed">{resolution.by ?? resolution.provenance}, {moment(resolution.at)}</Text>
        </Stack>
      </Paper>
    </Section>
  );
}

function Actions({ incident, answer, marked }: { incident: Noun; answer: Recommendation | undefined; marked: Marked }) {
  const queries = useQueryClient();
  const [resolving, { toggle, close }] = useDisclosure(false);
  const [merging, merge] = useDisclosure(false);
  const path = { params: { path: { incident_id: incident.id } } };
  const again = () => void queries.invalidateQueries();
  const acknowledge = useMutation({ mutationFn: () => got(api.POST("/api/v1/incidents/{incident_id}/acknowledge", path)), onSuccess: again });
  const reopen = useMutation({ mutationFn: () => got(api.POST("/api/v1/incidents/{incident_id}/reopen", path)), onSuccess: again });
  const failed = acknowledge.error ?? reopen.error;
  return (
    <Stack gap="sm">
      <Group gap="xs">
        {incident.status === "open" && <Button variant="default" onClick={() => acknowledge.mutate()} loading={acknowledge.isPending}>I am looking at it</Button>}
        {incident.status !== "resolved" && <Button onClick={toggle} aria-expanded={resolving}>Resolve…</Button>}
        {incident.status === "resolved" && <Button variant="default" onClick={toggle} aria-expanded={resolving}>{incident.resolution ? "Correct the resolution…" : "Say what it was…"}</Button>}
        {incident.status === "resolved" && <Button variant="default" onClick={() => reopen.mutate()} loading={reopen.isPending}>It was not over: reopen</Button>}
        {incident.status !== "resolved" && <Button variant="default" onClick={merge.toggle} aria-expanded={merging}>Merge…</Button>}
        {incident.status === "resolved" && <Postmortem id={incident.id} />}
      </Group>
      {failed && <Failure error={failed} />}
      {merging && <Merge incident={incident} done={merge.close} />}
      {resolving && <Resolve incident={incident} answer={answer} marked={marked} done={() => { close(); again(); }} />}
    </Stack>
  );
}

/** The draft, fetched with the key of this tab and saved as a file. */
function Postmortem({ id }: { id: string }) {
  const draft = useMutation({
    mutationFn: () => got(api.GET("/api/v1/incidents/{incident_id}/postmortem", { params: { path: { incident_id: id } }, parseAs: "text" })),
    onSuccess: (text) => {
      const file = URL.createObjectURL(new Blob([text as string], { type: "text/markdown" }));
      Object.assign(document.createElement("a"), { href: file, download: `${id}-postmortem.md` }).click();
      URL.revokeObjectURL(file);
    },
    onError: (error) => notifications.show({ color: "red", title: "There is no draft", message: error.message }),
  });
  return <Button variant="default" onClick={() => draft.mutate()} loading={draft.isPending}>Postmortem draft</Button>;
}

const Labels = ({ labels }: { labels: Noun["labels"] }) =>
  Object.keys(labels).length === 0 ? null : (
    <Section title="Labels">
      <Table layout="fixed">
        <Table.Tbody>
          {Object.entries(labels).map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Td className="onrecall-wrap" c="dimmed">{name}</Table.Td>
              <Table.Td className="onrecall-wrap">{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );

function Timeline({ id }: { id: string }) {
  const timeline = useQuery({
    queryKey: ["timeline", id],
    queryFn: () => got(api.GET("/api/v1/incidents/{incident_id}/timeline", { params: { path: { incident_id: id } } })),
    refetchInterval: useEvery(),
  });
  if (!timeline.data) return null;
  return (
    <Section title="Timeline">
      <Stack gap={6}>
        {timeline.data.items.map((event) => (
          <Group key={event.seq} gap="xs" align="baseline">
            <Text size="sm" c="dimmed" title={moment(event.at)} w="11rem">{new Date(event.at).toLocaleString()}</Text>
            <Text size="sm" flex="1 1 12rem" className="onrecall-wrap">{event.type}{event.by && ` by ${event.by}`}{said(event.detail)}</Text>
          </Group>
        ))}
      </Stack>
    </Section>
  );
}

function said(detail: Record<string, unknown>): string {
  const words = Object.entries(detail).filter(([, value]) => ["string", "number"].includes(typeof value)).map(([name, value]) => `${name} ${String(value)}`);
  return words.length ? `: ${words.join(", ")}` : "";
}
