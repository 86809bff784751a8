// What models were used for, and what that cost: by model, then day by day.
import { Alert, Badge, Paper, Progress, SegmentedControl, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { countText } from "../format";
import { api, dataOf, type Schemas } from "../api/client";
import { unlessFailed } from "../failures";
import { Entries, Entry } from "../parts/entry";
import { Empty, QueryState } from "../parts/states";
import { TimeAgo } from "../parts/time-ago";
import { byModel, dollars, type ModelTotal, tokens } from "../usage";

type Use = Schemas["UsageOut"];

const DAYS = [{ value: "1", label: "Today" }, { value: "7", label: "7 days" }, { value: "30", label: "30 days" }, { value: "366", label: "A year" }];

export function Usage() {
  const [days, setDays] = useState("30");
  const usage = useQuery({ queryKey: ["usage", days], queryFn: () => dataOf(api.GET("/api/v1/usage", { params: { query: { days: Number(days) } } })), refetchInterval: unlessFailed(15_000) });
  return (
    <Stack gap="md">
      <SegmentedControl aria-label="how far back" value={days} onChange={setDays} data={DAYS} maw={420} />
      <QueryState query={usage} rows={3} />
      {usage.data && <UsageSummary use={usage.data} />}
    </Stack>
  );
}

function UsageSummary({ use }: { use: Use }) {
  if (use.models.length === 0 && use.days.length === 0) {
    return <Empty title="No model is used">OnRecall answers without one and sends nothing. A model can refine answers: set <code>ONRECALL_LLM_DRAFT</code> or <code>ONRECALL_LLM_STRONG</code>.</Empty>;
  }
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <Budget use={use} />
        <Paper withBorder p="md">
          <Title order={2} size="h5">Models</Title>
          {use.models.length === 0 && <Text size="sm">No model is set up now.</Text>}
          {use.models.map((model) => <Text key={model.role} size="sm" className="onrecall-wrap"><b>{model.role}</b>: {model.model}</Text>)}
          <Text size="sm" c="dimmed">At most {countText(use.calls_per_minute, "call")} a minute.</Text>
        </Paper>
      </SimpleGrid>
      {use.breakers.filter((breaker) => breaker.state !== "closed").map((breaker) => (
        <Alert key={breaker.provider} color="orange" title={`${breaker.provider} is skipped`}>
          It failed {countText(breaker.failures, "time")} in a row. {breaker.until && <>Next attempt <TimeAgo at={breaker.until} />.</>} Answers do not wait for it.
        </Alert>
      ))}
      {use.days.length === 0 ? <Text size="sm" c="dimmed">No model was called in this period.</Text> : <><Models use={use} /><Days use={use} /></>}
    </Stack>
  );
}

function Budget({ use }: { use: Use }) {
  const share = use.daily_budget_usd ? (100 * use.spent_today_usd) / use.daily_budget_usd : 0;
  return (
    <Paper withBorder p="md">
      <Title order={2} size="h5">Spent today (UTC)</Title>
      <Text fz={30} fw={700} lh={1.2}>{dollars(use.spent_today_usd)}</Text>
      {use.daily_budget_usd === null || use.daily_budget_usd === undefined
        ? <Text size="sm" c="dimmed">There is no limit; set <code>ONRECALL_LLM_DAILY_BUDGET_USD</code>.</Text>
        : <><Progress value={Math.min(100, share)} color={share > 90 ? "red" : "teal"} mt={4} aria-label="share of the daily budget" /><Text size="sm" c="dimmed">of {dollars(use.daily_budget_usd)} a day. Calls whose cost is still unknown count with their maximum cost.</Text></>}
    </Paper>
  );
}

function Models({ use }: { use: Use }) {
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">By model</Title>
      <Entries label="models">{byModel(use.days).map((model) => <Model key={model.model} it={model} />)}</Entries>
    </Stack>
  );
}

function Model({ it }: { it: ModelTotal }) {
  return (
    <Entry name={it.model} label={it.model} badges={<Badge variant="default" tt="none">{it.provider}</Badge>} actions={<Text fw={700}>{cost(it)}</Text>}>
      <Text size="sm">
        {it.calls.toLocaleString()} {it.calls === 1 ? "call" : "calls"}: {it.accepted.toLocaleString()} passed every check, {it.rejected.toLocaleString()} did not, {it.failed.toLocaleString()} failed
        {" · "}{tokens(it.input_tokens)} tokens in, {tokens(it.output_tokens)} out
      </Text>
    </Entry>
  );
}

const cost = (it: Pick<ModelTotal, "known_cost_usd" | "of_unknown_cost" | "calls">): string =>
  it.of_unknown_cost === 0 ? dollars(it.known_cost_usd) : it.of_unknown_cost === it.calls ? "cost unknown" : `${dollars(it.known_cost_usd)} and ${countText(it.of_unknown_cost, "call")} of unknown cost`;

function Days({ use }: { use: Use }) {
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">Day by day</Title>
      <Table fz="sm" className="onrecall-wrap">
        <Table.Thead><Table.Tr><Table.Th>day (UTC)</Table.Th><Table.Th>model</Table.Th><Table.Th ta="right">calls</Table.Th><Table.Th ta="right">cost</Table.Th><Table.Th ta="right" visibleFrom="sm">mean time</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {use.days.map((day) => (
            <Table.Tr key={`${day.day} ${day.provider} ${day.model}`}>
              <Table.Td>{day.day}</Table.Td><Table.Td>{day.model}</Table.Td><Table.Td ta="right">{day.calls.toLocaleString()}</Table.Td>
              <Table.Td ta="right">{cost({ ...day, known_cost_usd: day.known_cost_usd ?? 0 })}</Table.Td>
              <Table.Td ta="right" visibleFrom="sm">{day.mean_latency_ms == null ? "–" : `${(day.mean_latency_ms / 1000).toFixed(1)} s`}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}
