// What senders suggest and nobody decided on, and what was decided.
import { Button, SegmentedControl, Stack } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";

import { api, dataOf } from "../api/client";
import { Empty, QueryState } from "../parts/states";
import { type Suggestion, SuggestionList } from "../parts/suggestions";

const STATES: { value: Suggestion["state"]; label: string }[] = [
  { value: "pending", label: "Waiting" },
  { value: "confirmed", label: "Confirmed" },
  { value: "dismissed", label: "Dismissed" },
];

export function Suggestions() {
  const [params, setParams] = useSearchParams();
  const state = STATES.find((choice) => choice.value === params.get("state"))?.value ?? "pending";
  const suggestions = useInfiniteQuery({
    queryKey: ["suggestions", "all", state],
    queryFn: ({ pageParam }) => dataOf(api.GET("/api/v1/suggestions", {
      params: { query: { limit: 50, state, ...(pageParam ? { cursor: pageParam } : {}) } },
    })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
  });
  const items = suggestions.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Stack gap="sm">
      <SegmentedControl aria-label="which suggestions" value={state} onChange={(value) => setParams({ state: value }, { replace: true })} data={STATES} maw="100%" />
      <QueryState query={suggestions} rows={3} height={64} />
      {suggestions.isSuccess && items.length === 0 && (
        <Empty title={state === "pending" ? "Nothing to decide" : "Nothing yet"}>
          Notes and retrospectives that senders deliver are suggestions: they count once somebody confirms them here.
        </Empty>
      )}
      <SuggestionList items={items} />
      {suggestions.hasNextPage && <Button variant="default" loading={suggestions.isFetchingNextPage} onClick={() => void suggestions.fetchNextPage()}>Show more</Button>}
    </Stack>
  );
}
