// Alerts that opened no incident, each with the reason.
import { Badge, Button, Select, Stack, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, dataOf, type Schemas } from "../api/client";
import { unlessFailed } from "../failures";
import { endText } from "../format";
import { Entries, Entry } from "./entry";
import { QueryState } from "./states";
import { TimeAgo } from "./time-ago";

type SetAside = Schemas["AlertOut"];

const EVERY_MS = 10_000;
const PURPOSES = [
  { value: "test", label: "Tests" },
  { value: "heartbeat", label: "Heartbeats" },
  { value: "planned", label: "Planned and maintenance" },
  { value: "informational", label: "Good news" },
  { value: "incident", label: "Ended before it was received" },
] as const;
type Purpose = (typeof PURPOSES)[number]["value"];

export function UngroupedAlerts() {
  const [purpose, setPurpose] = useState<Purpose | null>(null);
  const ungrouped = useInfiniteQuery({
    queryKey: ["aside", purpose],
    queryFn: ({ pageParam }) => dataOf(api.GET("/api/v1/alerts", { params: { query: { limit: 20, ...(purpose ? { purpose } : {}), ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    refetchInterval: unlessFailed(EVERY_MS),
  });
  const items = ungrouped.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Stack gap="sm">
      <Select aria-label="which of them" placeholder="All" clearable data={[...PURPOSES]} value={purpose} onChange={(value) => setPurpose(value as Purpose | null)} maw={280} />
      <QueryState query={ungrouped} rows={3} height={56} />
      {ungrouped.isSuccess && items.length === 0 && <Text size="sm" c="dimmed">Every alert is in an incident.</Text>}
      <Entries label="alerts in no incident">{items.map((alert) => <AsideEntry key={alert.id} alert={alert} />)}</Entries>
      {ungrouped.hasNextPage && <Button variant="default" loading={ungrouped.isFetchingNextPage} onClick={() => void ungrouped.fetchNextPage()}>Show more</Button>}
    </Stack>
  );
}

function AsideEntry({ alert }: { alert: SetAside }) {
  const reasons = (alert.joined?.["reasons"] as string[] | undefined)?.join("; ") ?? alert.purpose_reason;
  const name = alert.purpose === "test" ? `Test received: ${alert.title}` : alert.title;
  return (
    <Entry name={name} badges={<><Badge variant="default" tt="none">{alert.source}</Badge>{alert.status === "resolved" && <Badge color="gray" variant="light" tt="none">ended</Badge>}</>}
      about={<>{reasons} · <TimeAgo at={alert.received_at} />{alert.status === "resolved" && <> · {endText(alert)}</>}{alert.end_description && <> · at the end: {alert.end_description}</>}</>} />
  );
}
