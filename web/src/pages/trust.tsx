// How often it was right, each figure with its interval and its cases, each picture with a sentence.
import { Alert, Group, Paper, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, type ReactNode } from "react";

import { api, got, type Schemas } from "../api/client";
import { Figure, percent, said } from "../parts/figures";
import { Empty, Failure, Waiting } from "../parts/states";

const Reliability = lazy(() => import("../parts/charts").then((charts) => ({ default: charts.Reliability })));
const Learning = lazy(() => import("../parts/charts").then((charts) => ({ default: charts.Learning })));
const RiskCoverage = lazy(() => import("../parts/charts").then((charts) => ({ default: charts.RiskCoverage })));

type Measured = Omit<Schemas["TrustOut"], "levels">;

export function Trust() {
  const trust = useQuery({ queryKey: ["trust"], queryFn: () => got(api.GET("/api/v1/trust")) });
  return (
    <Stack gap="md">
      <Title order={1} size="h2">Trust</Title>
      {trust.isPending && <Waiting height={120} />}
      {trust.isError && <Failure error={trust.error} again={() => void trust.refetch()} />}
      {trust.data && <Shown trust={trust.data} />}
    </Stack>
  );
}

function Shown({ trust }: { trust: Measured }) {
  if (trust.judged === 0) {
    return (
      <Empty title="Not measured yet">
        No answer has a known truth yet. Resolve incidents and say what helped, or replay your history: <code>onrecall backtest</code> reports how often
        it would have been right, before you trust it.
      </Empty>
    );
  }
  const basis = Object.entries(trust.basis).map(([name, count]) => `${count} from ${name === "backtest" ? "a replay of your history" : "your own incidents"}`).join(", ");
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">Measured on {trust.judged} answers whose truth is known: {basis}.</Text>
      <Group align="stretch">
        <Figure name="Right about the cause" figure={trust.right}>Of the answers that named a cause, the share whose cause was the true one.</Figure>
        <Figure name="Among the first three" figure={trust.hits.hit_at_3}>Of the incidents seen before, the share with one of the same cause among the first three recalled.</Figure>
        <Figure name="Answered" figure={trust.coverage}>The share of incidents for which it named a cause at all, instead of saying “never seen”.</Figure>
        <Figure name="False recall" figure={trust.novelty.false_recall}>Of the incidents whose cause was new, the share it took for something known. Lower is better.</Figure>
        <Figure name="Missed" figure={trust.novelty.miss}>Of the incidents it had seen before, the share it called never seen. Lower is better.</Figure>
      </Group>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        {trust.reliability.length > 0 && (
          <Picture title="Does confidence mean what it says?" about="Each point is one level of confidence: how often it claimed to be right, and how often it was. On the line, the claim is true; the bars are 95 % intervals.">
            <Reliability bins={trust.reliability} />
          </Picture>
        )}
        {trust.learning && trust.learning.points.length > 1 && (
          <Picture title="Does it get better as you resolve?" about="How often the first incident it recalled was of the right cause, beside a memory that stopped learning.">
            <Learning learning={trust.learning} />
          </Picture>
        )}
        {trust.risk_coverage.length > 0 && (
          <Picture title="What if it spoke only when sure?" about="To the right it answers more incidents, and upwards more of these answers are wrong. You choose how sure it must be.">
            <RiskCoverage points={trust.risk_coverage} />
          </Picture>
        )}
      </SimpleGrid>
      {trust.quality && <Quality quality={trust.quality} />}
      <Parts title="By service" parts={trust.by_service} />
      <Parts title="By month" parts={trust.by_month} />
      <NotMeasured reasons={trust.not_measured} />
    </Stack>
  );
}

function Picture({ title, about, children }: { title: string; about: string; children: ReactNode }) {
  return (
    <Paper withBorder p="md" component="figure" m={0}>
      <Title order={2} size="h5">{title}</Title>
      <Suspense fallback={<Waiting rows={1} height={260} />}>{children}</Suspense>
      <Text size="sm" c="dimmed" component="figcaption">{about}</Text>
    </Paper>
  );
}

function Quality({ quality }: { quality: NonNullable<Measured["quality"]> }) {
  const beats = quality.brier != null && quality.brier_base != null && quality.brier < quality.brier_base;
  return (
    <Paper withBorder p="md">
      <Title order={2} size="h5">How good is the number itself?</Title>
      <Text size="sm">
        On {quality.n} answers, each judged by what was known before it: claims are off by {percent(quality.ece)} on average (by chance alone {percent(quality.ece_by_chance)}).
        Squared error {quality.brier?.toFixed(3) ?? "–"} against {quality.brier_base?.toFixed(3) ?? "–"} for always saying the same number:{" "}
        {beats ? "the number tells something." : "the number does not yet tell more than the average does."} Sure (70 % or more) and wrong: {said(quality.confident_wrong)}.
      </Text>
    </Paper>
  );
}

function Parts({ title, parts }: { title: string; parts: Measured["by_service"] }) {
  if (parts.length === 0) return null;
  return (
    <Paper withBorder p="md">
      <Title order={2} size="h5">{title}</Title>
      <Table.ScrollContainer minWidth={300}>
        <Table>
          <Table.Thead><Table.Tr><Table.Th>{title.replace("By ", "")}</Table.Th><Table.Th>right about the cause</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>
            {parts.map((part) => <Table.Tr key={part.name}><Table.Td className="onrecall-wrap">{part.name}</Table.Td><Table.Td>{said(part.right)}</Table.Td></Table.Tr>)}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

function NotMeasured({ reasons }: { reasons: Measured["not_measured"] }) {
  const entries = Object.entries(reasons);
  if (entries.length === 0) return null;
  return (
    <Alert title="Not measured" color="gray">
      {entries.map(([what, why]) => <Text key={what} size="sm"><b>{what}</b>: {why}</Text>)}
    </Alert>
  );
}
