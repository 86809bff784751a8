// What senders suggest and nobody decided on, and what was decided.
import { Button, SegmentedControl, Stack } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";

import { api, got } from "../api/client";
import { Empty, Failure, Waiting } from "../parts/states";
import { type Suggestion, SuggestionList } from "../parts/suggestions";

const STATES: { value: Suggestion["state"]; label: string }[] = [
  { value: "pending", label: "Waiting" },
  { value: "confirmed", label: "Confirmed" },
  { value: "dismissed", label: "Dismissed" },
];

export function Suggestions() {
  const [params, setParams] = useSearchParams();
  const state = STATES.find((one) => one.value === params.get("state"))?.value ?? "pending";
  const found = useInfiniteQuery({
    queryKey: ["suggestions", "all", state],
    queryFn: ({ pageParam }) => got(api.GET("/api/v1/suggestions", {
      params: { query: { limit: 50, state, ...(pageParam ? { cursor: pageParam } : {}) } },
    })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
  });
  const items = found.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Stack gap="sm">
      <SegmentedControl aria-label="which suggestions" value={state} onChange={(value) => setParams({ state: value }, { replace: true })} data={STATES} maw="100%" />
      {found.isPending && <Waiting rows={3} height={64} />}
      {found.isError && <Failure error={found.error} again={() => void found.refetch()} />}
      {found.isSuccess && items.length === 0 && (
        <Empty title={state === "pending" ? "Nothing to decide" : "Nothing yet"}>
          Notes and retrospectives that senders deliver are suggestions: they count once somebody confirms them here.
        </Empty>
      )}
      <SuggestionList items={items} />
      {found.hasNextPage && <Button variant="default" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>Show more</Button>}
    </Stack>
  );
}
