// What is open, live: the page that stays on a screen all day and opens on a phone at night.
import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Suspense, useDeferredValue, useMemo } from "react";
import { Link, useSearchParams } from "react-router";

import { api, dataOf } from "../api/client";
import { hasFailed, unlessFailed, useFailure } from "../failures";
import { lazily } from "../lazily";
import { useEvery, useIsEmpty } from "../live-updates";
import { nowQuery } from "../now-query";
import { BeganTogether } from "../parts/began-together";
import { Hints } from "../parts/hints";
import { Filters, FILTERS } from "../parts/now-filters";
import { Rows } from "../parts/now-rows";
import { Empty, Failure, Waiting } from "../parts/states";

const GettingStarted = lazily(() => import("../parts/getting-started").then((part) => part.GettingStarted));
const Aside = lazily(() => import("../parts/ungrouped-alerts").then((part) => part.UngroupedAlerts));

const KEEP_FRESH = 5; // pages; who has scrolled further reads, and is not asked for everything again every few seconds

export function Now() {
  const [params] = useSearchParams();
  const every = useEvery();
  const byService = params.has("group");
  const overview = useInfiniteQuery({
    queryKey: ["incidents", params.toString()],
    queryFn: ({ pageParam }) => dataOf(api.GET("/api/v1/now", { params: { query: { ...nowQuery(params), ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > KEEP_FRESH ? false : unlessFailed(every)(query)),
    placeholderData: keepPreviousData,
  });
  const failure = useFailure(overview);
  const pages = hasFailed(overview) ? undefined : overview.data?.pages;
  const rows = useDeferredValue(useMemo(() => pages?.flatMap((page) => page.items), [pages]));
  const empty = useIsEmpty() && !rows?.length;
  const filtered = FILTERS.some((name) => params.has(name));
  return (
    <Stack gap="md">
      <Group justify="space-between" wrap="nowrap">
        <Title order={1} size="h2">Now</Title>
        <Text c="dimmed" size="sm" component="div"><span aria-live="polite">{rows && `${rows.length}${overview.hasNextPage ? " or more" : ""} ${rows.length === 1 ? "incident" : "incidents"}`}</span>{rows && " · "}<Link to="/services">all services</Link></Text>
      </Group>
      {!empty && <Hints />}
      <BeganTogether />
      {!empty && <Filters />}
      {!rows && !failure && <Waiting />}
      {failure && !rows && <Failure error={failure} again={() => void overview.refetch()} />}
      {rows?.length === 0 && (empty ? <Suspense fallback={<Waiting rows={1} />}><GettingStarted /></Suspense> : <Quiet filtered={filtered} />)}
      {rows && rows.length > 0 && <Rows rows={rows} byService={byService} more={overview.hasNextPage && !overview.isFetchingNextPage ? () => void overview.fetchNextPage() : undefined} />}
      {rows && !empty && <NoIncidents />}
    </Stack>
  );
}

/** What came in and opened no incident, with the reasons; fetched once somebody wants to see it. */
function NoIncidents() {
  const [opened, { toggle }] = useDisclosure(false);
  return (
    <Stack gap="sm" component="section" aria-label="no incidents">
      <Button variant="subtle" size="xs" w="fit-content" maw="100%" h="auto" mih={30} py={4} classNames={{ label: "onrecall-breaks" }} onClick={toggle} aria-expanded={opened}>{opened ? "Hide what" : "What"} did not become an incident, and why</Button>
      {opened && <Suspense fallback={<Waiting rows={2} height={56} />}><Aside /></Suspense>}
    </Stack>
  );
}

function Quiet({ filtered }: { filtered: boolean }) {
  const [, setParams] = useSearchParams();
  if (filtered) return <Empty title="No incidents match"><Button variant="default" onClick={() => setParams({}, { replace: true })}>Clear filters</Button></Empty>;
  return (
    <Empty title="All quiet">
      <Stack align="center" gap="sm">
        <span>New alerts appear here within seconds, marked <em>seen before</em> or <em>never seen</em>.</span>
        <Group gap="xs" justify="center">
          <Button component={Link} to="/ask" variant="light">Ask memory something</Button>
          <Button component={Link} to="/system/senders" variant="default">Connect a source</Button>
        </Group>
      </Stack>
    </Empty>
  );
}
