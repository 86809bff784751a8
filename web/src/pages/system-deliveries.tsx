// What was told on which channel, what waits, what was given up; and having it sent again.
import { Badge, Button, Code, Group, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useSearchParams } from "react-router";

import { api, dataOf, type Schemas } from "../api/client";
import { unlessFailed } from "../failures";
import { mayChange, useMe } from "../current-user";
import { Entries, Entry } from "../parts/entry";
import { Empty, QueryState } from "../parts/states";
import { showError, showSuccess } from "../parts/toasts";
import { TimeAgo } from "../parts/time-ago";

type Delivery = Schemas["DeliveryOut"];
type State = Delivery["state"];

const STATES: { value: State | "all"; label: string }[] = [
  { value: "all", label: "All" },
  { value: "pending", label: "Waiting" },
  { value: "sent", label: "Sent" },
  { value: "dead", label: "Given up" },
];
const STATE = {
  pending: { words: "waiting", color: "blue" },
  sent: { words: "sent", color: "teal" },
  dead: { words: "given up", color: "red" },
  superseded: { words: "replaced by a newer one", color: "gray" },
} as const;
const KIND: Record<string, string> = { opened: "was opened", changed: "has a new answer", resolved: "is over", reopened: "was not over", merged: "was merged into another", notice: "is sent" };

export function Deliveries() {
  const [params, setParams] = useSearchParams();
  const state = STATES.find((choice) => choice.value === params.get("state"))?.value ?? "all";
  const channel = params.get("channel") ?? "";
  const change = (name: string, value: string) => setParams((old) => {
    const next = new URLSearchParams(old);
    if (value && value !== "all") next.set(name, value);
    else next.delete(name);
    return next;
  }, { replace: true });
  const deliveries = useInfiniteQuery({
    queryKey: ["deliveries", state, channel],
    queryFn: ({ pageParam }) => dataOf(api.GET("/api/v1/deliveries", {
      params: { query: { limit: 50, ...(state === "all" ? {} : { state }), ...(channel ? { channel } : {}), ...(pageParam ? { cursor: pageParam } : {}) } },
    })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    refetchInterval: unlessFailed(3_000),
  });
  const items = deliveries.data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = state !== "all" || channel !== "";
  return (
    <Stack gap="sm">
      <Group align="flex-end" gap="sm">
        <SegmentedControl aria-label="which deliveries" value={state} onChange={(value) => change("state", value)} data={STATES} maw="100%" />
        <TextInput aria-label="channel" placeholder="channel, such as slack" value={channel} onChange={(event) => change("channel", event.currentTarget.value)} maxLength={100} />
      </Group>
      <QueryState query={deliveries} rows={4} height={64} />
      {deliveries.isSuccess && items.length === 0 && (
        filtered
          ? <Empty title="No match">{state === "dead" ? "Nothing was given up." : "No delivery matches the filter."}</Empty>
          : <Empty title="Nothing was sent yet">OnRecall announces each incident on Slack, Teams, mail or a webhook once you configure one: <Code>ONRECALL_SLACK_BOT_TOKEN</Code>, <Code>ONRECALL_TEAMS_URL</Code>, <Code>ONRECALL_SMTP_HOST</Code> or <Code>ONRECALL_WEBHOOK_URL</Code>.</Empty>
      )}
      <Entries label="deliveries">{items.map((delivery) => <DeliveryEntry key={delivery.id} it={delivery} />)}</Entries>
      {deliveries.hasNextPage && <Button variant="default" loading={deliveries.isFetchingNextPage} onClick={() => void deliveries.fetchNextPage()}>Show more</Button>}
    </Stack>
  );
}

function DeliveryEntry({ it }: { it: Delivery }) {
  const queries = useQueryClient();
  const me = useMe();
  const resend = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/deliveries/{delivery_id}/resend", { params: { path: { delivery_id: it.id } } })),
    onSuccess: () => {
      showSuccess(`Delivery ${it.id} is queued again.`);
      void queries.invalidateQueries({ queryKey: ["deliveries"] });
    },
    onError: showError,
  });
  const state = STATE[it.state];
  return (
    <Entry label={`delivery ${it.id}`}
      name={<>{it.incident === null ? it.notice : <Link to={`/incidents/${encodeURIComponent(it.incident)}`}>{it.incident}</Link>} {KIND[it.kind] ?? it.kind}</>}
      badges={<>
        <Badge variant="default" tt="none">{it.channel}</Badge>
        <Badge color={state.color} variant="light" tt="none">{state.words}</Badge>
      </>}
      about={<>
        {it.sent_at ? <>sent <TimeAgo at={it.sent_at} /></> : <>created <TimeAgo at={it.created_at} /></>} · {it.attempts} {it.attempts === 1 ? "try" : "tries"}
        {it.state === "pending" && it.attempts > 0 && <> · next attempt <TimeAgo at={it.next_at} /></>}
      </>}
      actions={(it.state === "dead" || it.state === "sent" || (it.state === "pending" && it.attempts > 0)) && (
        <Button size="xs" variant="default" loading={resend.isPending} disabled={!mayChange(me.data?.role)} onClick={() => resend.mutate()}>{it.state === "pending" ? "Send now" : "Send again"}</Button>
      )}>
      {it.last_error && <Text size="sm" c="red" className="onrecall-wrap">{it.last_error}</Text>}
    </Entry>
  );
}
