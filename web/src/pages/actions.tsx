// Action items of all incidents: overdue ones first and loud.
import { Badge, Button, Group, SegmentedControl, Select, Stack, Text, Title } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link, useSearchParams } from "react-router";

import { grouped } from "../action-items";
import { addressNow } from "../address-echo";
import { api, dataOf } from "../api/client";
import { hasFailed, unlessFailed, useFailure } from "../failures";
import { countText } from "../format";
import { useEvery } from "../live-updates";
import { ActionRow } from "../parts/action-items";
import { AddressField } from "../parts/address-field";
import { ServiceLink } from "../parts/service-link";
import { Empty, Failure, Waiting } from "../parts/states";

const SHOWN = [{ value: "open", label: "Open" }, { value: "overdue", label: "Overdue" }, { value: "done", label: "Done" }, { value: "dropped", label: "Dropped" }] as const;
type Shown = (typeof SHOWN)[number]["value"];
const isShown = (value: string | null): value is Shown => SHOWN.some((shown) => shown.value === value);

export function Actions() {
  const [search, setSearch] = useSearchParams();
  const requested = search.get("show");
  const show: Shown = isShown(requested) ? requested : "open";
  const [owner, service] = [search.get("owner") ?? "", search.get("service") ?? ""];
  const change = (name: string, value: string) => {
    const next = addressNow();
    if (value && !(name === "show" && value === "open")) next.set(name, value);
    else next.delete(name);
    setSearch(next, { replace: true });
  };
  const state = show === "overdue" ? {} : { state: show };
  const query = { ...state, ...(show === "overdue" ? { overdue: true } : {}), ...(owner ? { owner } : {}), ...(service.trim() ? { service: service.trim() } : {}) };
  const actions = useInfiniteQuery({
    queryKey: ["incidents", "actions", show, owner, service],
    queryFn: ({ pageParam }) => dataOf(api.GET("/api/v1/actions", { params: { query: { limit: 100, ...query, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: unlessFailed(useEvery()),
  });
  const failure = useFailure(actions);
  const first = actions.data?.pages[0];
  const items = (hasFailed(actions) ? [] : actions.data?.pages)?.flatMap((page) => page.items) ?? [];
  return (
    <Stack gap="md" maw={900}>
      <Title order={1} size="h2">Action items</Title>
      <Text size="sm" c="dimmed">What teams agreed to do after incidents. Add one on the page of its incident; those of imported postmortems are here, too.</Text>
      {first && first.open > 0 && <Text size="sm"><b>{countText(first.open, "action item")}</b> open; {first.overdue > 0 ? <Text span inherit c="red" fw={700}>{first.overdue} overdue</Text> : "none is overdue"}.</Text>}
      <Group gap="sm" align="flex-end">
        <SegmentedControl aria-label="which action items" value={show} onChange={(value) => change("show", value)} data={[...SHOWN]} maw="100%" />
        <Select aria-label="owner" placeholder="any owner" value={owner || null} onChange={(value) => change("owner", value ?? "")} data={ownersOf(first?.owners ?? [], owner)} clearable searchable flex="1 1 9rem" maw={220} />
        <AddressField aria-label="service" placeholder="any service" maxLength={200} value={service} write={(text) => change("service", text)} flex="1 1 9rem" maw={220} />
      </Group>
      {actions.isPending && !failure && <Waiting height={64} />}
      {failure && items.length === 0 && <Failure error={failure} again={() => void actions.refetch()} />}
      {actions.isSuccess && !failure && items.length === 0 && <Nothing show={show} filtered={Boolean(owner || service)} clear={() => setSearch({}, { replace: true })} />}
      {grouped(items).map((group) => (
        <Stack key={group.name} gap="xs" component="section" aria-label={group.name}>
          <Title order={2} size="h5" {...(group.loud ? { c: "red" } : {})}>{group.name}</Title>
          {group.items.map((item) => (
            <ActionRow key={`${item.incident} ${item.number}`} item={item}>
              <Text span size="sm" className="onrecall-wrap"><Link to={`/incidents/${encodeURIComponent(item.incident)}`}>{item.incident}</Link> <Text span inherit c="dimmed" className="onrecall-title" display="inline">{item.title}</Text></Text>
              {item.service && <Text span size="sm"><ServiceLink name={item.service} /></Text>}
              {item.example && <Badge variant="light" color="grape" tt="none" size="sm">example</Badge>}
            </ActionRow>
          ))}
        </Stack>
      ))}
      {actions.hasNextPage && <Button variant="default" w="fit-content" loading={actions.isFetchingNextPage} onClick={() => void actions.fetchNextPage()}>Show more</Button>}
    </Stack>
  );
}

const ownersOf = (owners: readonly string[], chosen: string): string[] => (chosen && !owners.includes(chosen) ? [chosen, ...owners] : [...owners]);

function Nothing({ show, filtered, clear }: { show: Shown; filtered: boolean; clear: () => void }) {
  if (filtered) return <Empty title="No action items match">Another owner or service may have some. <Button size="compact-sm" variant="subtle" onClick={clear}>Clear filters</Button></Empty>;
  if (show === "overdue") return <Empty title="Nothing is overdue">Action items appear here the day after their due date.</Empty>;
  if (show !== "open") return <Empty title={`None is ${show} yet`}>Tick an action item once it is done; drop one that nobody will do.</Empty>;
  return <Empty title="No open action items">Add one on the page of an incident, or import postmortems that list some.</Empty>;
}
