// What senders say fixed an incident: shown with its sender, and decided on here.
import { Badge, Button, Group, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "react-router";

import { api, dataOf, type Schemas } from "../api/client";
import { hasFailed, unlessFailed } from "../failures";
import { mayChange, useMe } from "../current-user";
import { useEvery } from "../live-updates";
import { Section } from "./section";
import { Entries, Entry } from "./entry";
import { Shortened } from "./shortened";
import { PartFailed } from "./states";
import { showError, showSuccess } from "./toasts";
import { TimeAgo } from "./time-ago";

export type Suggestion = Schemas["SuggestionOut"];

/** The suggestions for one incident that wait for a decision. */
export function SuggestionsFor({ incident }: { incident: string }) {
  const pending = useQuery({
    queryKey: ["suggestions", incident],
    queryFn: () => dataOf(api.GET("/api/v1/suggestions", { params: { query: { incident } } })),
    refetchInterval: unlessFailed(useEvery()),
  });
  const items = pending.data?.items ?? [];
  if (hasFailed(pending)) return <PartFailed what="What senders suggested" again={() => void pending.refetch()} />;
  if (items.length === 0) return null;
  return (
    <Section title="Suggested, not confirmed">
      <Text size="sm" c="dimmed" mb="xs">A sender reported this. It does not count until somebody here confirms it.</Text>
      <SuggestionList items={items} />
    </Section>
  );
}

export function SuggestionList({ items }: { items: readonly Suggestion[] }) {
  return <Entries label="suggestions">{items.map((suggestion) => <SuggestionEntry key={suggestion.id} suggestion={suggestion} />)}</Entries>;
}

function SuggestionEntry({ suggestion }: { suggestion: Suggestion }) {
  const queries = useQueryClient();
  const me = useMe();
  const path = { params: { path: { suggestion_id: suggestion.id } } };
  const again = (words: string) => {
    showSuccess(words);
    void queries.invalidateQueries();
  };
  const confirm = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/suggestions/{suggestion_id}/confirm", path)),
    onSuccess: () => again(suggestion.incident ? `It is now the resolution of ${suggestion.incident}.` : "It is now a document."),
    onError: showError,
  });
  const dismiss = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/suggestions/{suggestion_id}/dismiss", path)),
    onSuccess: () => again("Dismissed: it does not count."),
    onError: showError,
  });
  const may = mayChange(me.data?.role);
  return (
    <Entry label={`suggestion ${suggestion.id}`}
      name={suggestion.incident ? <Link to={`/incidents/${encodeURIComponent(suggestion.incident)}`}>{suggestion.incident} {suggestion.title}</Link> : suggestion.title}
      badges={<>
        <Badge variant="light" tt="none">{suggestion.kind === "document" ? "document" : "resolution"}</Badge>
        <Badge variant="default" tt="none">{suggestion.by}</Badge>
      </>}
      about={<>written <TimeAgo at={suggestion.at} />{suggestion.decided_at && <> · {suggestion.state} <TimeAgo at={suggestion.decided_at} />{suggestion.decided_by && ` by ${suggestion.decided_by}`}</>}</>}
    >
      <Shortened text={suggestion.text} lines={8} />
      {suggestion.state === "pending" && (
        <Group gap="xs">
          <Button size="xs" loading={confirm.isPending} disabled={!may} onClick={() => confirm.mutate()}>Confirm</Button>
          <Button size="xs" variant="default" loading={dismiss.isPending} disabled={!may} onClick={() => dismiss.mutate()}>Dismiss</Button>
        </Group>
      )}
    </Entry>
  );
}
