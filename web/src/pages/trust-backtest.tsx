// Measuring trust anew: the memory's own history replayed by the server, watched here, also after a reload.
import { Alert, Button, Group, Paper, Progress, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { api, dataOf, type Schemas } from "../api/client";
import { unlessFailed } from "../failures";
import { useNow } from "../live-updates";
import { mayChange, useMe } from "../current-user";
import { intervalText } from "../parts/estimates";
import { Intervals } from "../parts/interval";
import { QueryFailure } from "../parts/states";
import { showError } from "../parts/toasts";
import { TimeAgo } from "../parts/time-ago";
import { countText, age, capitalized, durationText } from "../format";

type Run = Schemas["BacktestOut"];

const RUNNING_MS = 1_000;
const RESTING_MS = 15_000;
const STAGE: Record<string, string> = { embedding: "Embedding the texts", replaying: "Answering each incident with what was known at that time" };

export function Backtest() {
  const queries = useQueryClient();
  const me = useMe();
  const newest = useQuery({
    queryKey: ["backtest"],
    queryFn: () => dataOf(api.GET("/api/v1/trust/backtest")),
    refetchInterval: (query) => unlessFailed(query.state.data?.backtest?.state === "running" ? RUNNING_MS : RESTING_MS)(query),
  });
  const last = newest.data?.backtest ?? null;
  const before = useRef<string | null>(null);
  useEffect(() => {
    if (before.current === "running" && last && last.state !== "running") void queries.invalidateQueries({ queryKey: ["trust"] });
    before.current = last?.state ?? null;
  }, [last, queries]);
  const start = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/trust/backtest")),
    onSuccess: (backtest) => queries.setQueryData(["backtest"], { backtest }),
    onError: showError,
  });
  const running = last?.state === "running";
  const may = mayChange(me.data?.role);
  return (
    <Paper withBorder p="md" component="section" aria-label="backtest">
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start">
          <Stack gap={2} flex="1 1 16rem">
            <Title order={2} size="h4">Measured on your own history</Title>
            <Text size="sm" c="dimmed">OnRecall opens every incident again in chronological order, and answers it with only what was known at that time. Other work continues meanwhile.</Text>
          </Stack>
          <Button onClick={() => start.mutate()} loading={start.isPending} disabled={running || !may || newest.isPending} variant={last?.state === "done" ? "default" : "filled"}>
            {last ? "Measure again" : "Measure now"}
          </Button>
        </Group>
        {!may && <Text size="sm">Starting it requires the role responder; your key has the role {me.data?.role}.</Text>}
        <QueryFailure query={newest} />
        {last && <Standing run={last} />}
      </Stack>
    </Paper>
  );
}

function Standing({ run }: { run: Run }) {
  if (run.state === "running") return <Running run={run} />;
  if (run.state === "done" && run.result) return <Done run={run} result={run.result} />;
  const interrupted = run.state === "interrupted";
  return (
    <Alert color={interrupted ? "yellow" : "red"} title={interrupted ? "The last one was interrupted" : "The last one failed"}>
      <Text size="sm" className="onrecall-wrap">{run.error} · begun <TimeAgo at={run.started_at} />{run.by && ` by ${run.by}`}</Text>
    </Alert>
  );
}

function Running({ run }: { run: Run }) {
  const now = useNow(1_000);
  const known = run.stage !== null && run.total > 0;
  const share = known ? (100 * run.done) / run.total : 0;
  const stage = run.stage ? (STAGE[run.stage] ?? run.stage) : "Beginning";
  return (
    <Stack gap={4} role="status">
      <Progress value={known ? share : 100} striped animated aria-label="progress of the backtest" size="lg" />
      <Group justify="space-between" gap="xs">
        <Text size="sm">{stage}{known && `: ${run.done.toLocaleString()} of ${run.total.toLocaleString()}`}</Text>
        <Text size="sm" c="dimmed">since {age(run.started_at, now)}{run.by && `, begun by ${run.by}`}</Text>
      </Group>
    </Stack>
  );
}

function Done({ run, result }: { run: Run; result: NonNullable<Run["result"]> }) {
  const { right } = result;
  const times = Math.round((right.value ?? 0) * right.n);
  const around = intervalText(right);
  return (
    <Stack gap="sm">
    <Text size="sm">
      {right.n > 0
        ? <>The named cause was right <b>{times} of {right.n} times</b>{around && ` (${around})`}.</>
        : "No named cause is known to be right or wrong yet, so there is nothing to count."}
      {" "}{countText(result.incidents, "incident")} and {countText(result.documents, "document")}, replayed in {durationText(result.seconds)}{run.finished_at && <>, <TimeAgo at={run.finished_at} /></>}{run.by && ` by ${run.by}`}.
    </Text>
    {result.hit_basis_note && <Text size="sm" c="dimmed" data-testid="hit-basis">{capitalized(result.hit_basis_note)}.{(result.notes ?? []).map((note) => ` ${capitalized(note)}.`)}</Text>}
    {result.power && <Text size="sm" data-testid="power">{capitalized(result.power.sentence)}.</Text>}
    <Groups groups={result.groups ?? []} />
    </Stack>
  );
}

const KINDS = [["service", "By service"], ["month", "By month"], ["severity", "By severity"], ["length", "By length of the opening text"]] as const;
const FEW = 8;

/** hit@3 by part: the services with the most to find, the newest months, all severities and lengths. */
function Groups({ groups }: { groups: readonly Schemas["GroupOut"][] }) {
  const answerable = groups.filter((group) => group.hit_at_3.n > 0);
  if (answerable.length === 0) return null;
  return (
    <Stack gap="xs">
      <Text size="sm" fw={600}>One of the same cause among the first three</Text>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        {KINDS.map(([kind, title]) => {
          const of = answerable.filter((group) => group.kind === kind);
          const shown = kind === "service" ? [...of].sort((part, other) => other.hit_at_3.n - part.hit_at_3.n).slice(0, FEW) : kind === "month" ? of.slice(-FEW).reverse() : of;
          return shown.length > 0 && (
            <div key={kind}>
              <Title order={3} size="h6">{title}</Title>
              <Intervals what={title} rows={shown.map((group) => ({ name: group.name, right: group.hit_at_3 }))} />
            </div>
          );
        })}
      </SimpleGrid>
    </Stack>
  );
}
