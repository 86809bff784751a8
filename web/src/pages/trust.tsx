// How often it was right, each figure with its interval and its cases, each picture with a sentence.
import { Alert, Button, Group, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { api, dataOf, type Schemas } from "../api/client";
import { Learning, Reliability, RiskCoverage } from "../parts/charts";
import { type Estimate, Figure, percent, estimateText } from "../parts/estimates";
import { InlineCode } from "../parts/inline-code";
import { Intervals } from "../parts/interval";
import { Later } from "../parts/later";
import { ServiceLink } from "../parts/service-link";
import { Empty, QueryState } from "../parts/states";
import { countText, labelText } from "../format";
import { Backtest } from "./trust-backtest";

const ORIGIN: Readonly<Record<string, string>> = { taken_over: "accepted from the answer", written: "written by the resolver" };

const NO_SERVICE = "(no service)"; // as the server counts incidents without one

type Measured = Omit<Schemas["TrustOut"], "levels">;

export function Trust() {
  const trust = useQuery({ queryKey: ["trust"], queryFn: () => dataOf(api.GET("/api/v1/trust")) });
  const figures = trust.data && <Shown key="figures" trust={trust.data} />;
  const backtest = trust.data && <Backtest key="backtest" />; // by its key it stays the same one where the first figures move it down
  return (
    <Stack gap="md">
      <Title order={1} size="h2">Trust</Title>
      <QueryState query={trust} height={120} />
      {trust.data?.judged === 0 ? [backtest, figures] : [figures, backtest]}
    </Stack>
  );
}

function Shown({ trust }: { trust: Measured }) {
  if (trust.judged === 0) {
    return (
      <Empty title="Not measured yet">
        No answer is known to be right or wrong yet. Measure OnRecall on your history with the button above. It shows how often answers would have been
        right before you rely on them. Or resolve incidents and report what helped: each one counts.
      </Empty>
    );
  }
  const basis = Object.entries(trust.basis).filter(([, count]) => count > 0).map(([name, count]) => `${count} from ${name === "backtest" ? "a replay of your history" : "your own incidents"}`).join(", ");
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">Measured on {countText(trust.judged, "answer")} known to be right or wrong: {basis}.{trust.by_wording > 0 && ` ${countText(trust.by_wording, "answer")} could only be judged by the wording of the cause, where another wording counts as wrong: give resolutions a cause label, or link the earlier incident.`}{trust.left_out ? ` ${countText(trust.left_out, "older answer")} not counted in.` : ""}</Text>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 5 }}>
        <Figure name="Right about the cause" figure={trust.right}>The share of the answers with a cause whose cause was right.</Figure>
        <Figure name="Among the first three" figure={trust.hits.hit_at_3}>The share of the recurring incidents for which one of the first three matches had the same cause.</Figure>
        <Figure name="Answered" figure={trust.coverage}>The share of incidents for which OnRecall named a cause instead of answering “never seen”.</Figure>
        <Figure name="False recall" figure={trust.novelty.false_recall}>The share of the incidents with a new cause that were answered as known or similar. Lower is better.</Figure>
        <Figure name="Missed" figure={trust.novelty.miss}>The share of the recurring incidents that were called never seen. Lower is better.</Figure>
      </SimpleGrid>
      <Later><Pictures trust={trust} /></Later>
    </Stack>
  );
}

/** What stands below the figures. */
function Pictures({ trust }: { trust: Measured }) {
  return (
    <>
      <Hits hits={trust.hits} />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        {trust.reliability.length > 0 && (
          <ChartSection title="Does confidence mean what it says?" about="Each point is one level of confidence: how often answers claimed to be right, and how often they were. On the line, the claim is true; the bars are 95 % intervals.">
            <Reliability bins={trust.reliability} />
          </ChartSection>
        )}
        {trust.learning && trust.learning.points.length > 1 && (
          <ChartSection title="Does it get better as you resolve?" about={`Each point is a memory that stopped learning after this many ${trust.learning.unit} (“all”: it never stopped), asked about the same later incidents: how often its first match had the right cause.${gained(trust.learning.gain)}`}>
            <Learning learning={trust.learning} />
          </ChartSection>
        )}
        {trust.risk_coverage.length > 0 && (
          <ChartSection title="What if it answered only when confident?" about="Further right, more incidents are answered; further up, more of these answers are wrong. You choose the confidence you need.">
            <RiskCoverage points={trust.risk_coverage} />
          </ChartSection>
        )}
        {trust.quality && <Quality quality={trust.quality} />}
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Parts title="By service" named={(name) => (name === NO_SERVICE ? name : <ServiceLink name={name} />)} parts={[...trust.by_service].sort((part, other) => other.right.n - part.right.n)} />
        <Parts title="By origin of the cause" parts={(trust.by_origin ?? []).map((part) => ({ ...part, name: ORIGIN[part.name] ?? part.name }))} />
        <Parts title="By month" parts={[...trust.by_month].reverse()} />
      </SimpleGrid>
      <NotMeasured reasons={trust.not_measured} />
    </>
  );
}

function ChartSection({ title, about, children }: { title: string; about: string; children: ReactNode }) {
  return (
    <Paper withBorder p="md" component="figure" m={0}>
      <Title order={2} size="h5">{title}</Title>
      {children}
      <Text size="sm" c="dimmed" component="figcaption">{about}</Text>
    </Paper>
  );
}

function Quality({ quality }: { quality: NonNullable<Measured["quality"]> }) {
  const beats = quality.brier != null && quality.brier_base != null && quality.brier < quality.brier_base;
  return (
    <Paper withBorder p="md">
      <Title order={2} size="h5">How good is the confidence itself?</Title>
      <Text size="sm">
        On {quality.n} answers, each judged by what was known before it: claims are off by {percent(quality.ece)} on average (by chance alone {percent(quality.ece_by_chance)}).
        Squared error {quality.brier?.toFixed(3) ?? "–"} against {quality.brier_base?.toFixed(3) ?? "–"} for a constant forecast:{" "}
        {beats ? "the confidence is informative." : "the confidence is not yet more informative than the average."} Sure (70 % or more) and wrong: {estimateText(quality.confident_wrong)}.
      </Text>
    </Paper>
  );
}

/** What going on learning was worth, in a sentence; nothing where it was not measured. */
function gained(gain: Estimate): string {
  if (gain.value == null || gain.low == null || gain.high == null) return "";
  const points = (share: number) => `${share > 0 ? "+" : ""}${Math.round(100 * share)}`;
  return ` Continuing to learn was worth ${points(gain.value)} points (${points(gain.low)} to ${points(gain.high)}) over the memory that stopped last.`;
}

const RANKS = [["hit_at_1", "the first match"], ["hit_at_3", "one of the first three"], ["hit_at_5", "one of the first five"]] as const;

function Hits({ hits }: { hits: Measured["hits"] }) {
  if (hits.hit_at_1.n === 0) return null;
  return (
    <Paper withBorder p="md">
      <Title order={2} size="h5" mb={4}>Rank of the right incident</Title>
      <Intervals what="hit rates" rows={RANKS.map(([key, name]) => ({ name: `It was ${name}`, right: hits[key] }))} />
      <Text size="sm" c="dimmed" mt={6}>For incidents that have an earlier one with the same cause. The point is the rate, the bar its 95 % interval.</Text>
    </Paper>
  );
}

const FEW = 8;

function Parts({ title, parts, named }: { title: string; parts: Measured["by_service"]; named?: (name: string) => ReactNode }) {
  const [all, { toggle }] = useDisclosure(false);
  if (parts.length === 0) return null;
  return (
    <Paper withBorder p="md">
      <Title order={2} size="h5" mb={4}>{title}</Title>
      <Intervals what={title} rows={all ? parts : parts.slice(0, FEW)} {...(named ? { named } : {})} />
      <Group justify="space-between" mt={6}>
        <Text size="sm" c="dimmed">How often the named cause was right.</Text>
        {parts.length > FEW && <Button size="compact-sm" variant="subtle" onClick={toggle} aria-expanded={all}>{all ? "Fewer" : `All ${parts.length}`}</Button>}
      </Group>
    </Paper>
  );
}

function NotMeasured({ reasons }: { reasons: Measured["not_measured"] }) {
  const entries = Object.entries(reasons);
  if (entries.length === 0) return null;
  return (
    <Alert title="Not measured" color="gray">
      {entries.map(([what, why]) => <Text key={what} size="sm"><b>{labelText(what)}</b>: <InlineCode text={why} /></Text>)}
    </Alert>
  );
}
