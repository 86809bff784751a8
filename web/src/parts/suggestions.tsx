// What senders say fixed an incident: shown with its sender, and decided on here.
import { Badge, Button, Group, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "react-router";

import { api, got, type Schemas } from "../api/client";
import { mayChange, useMe } from "../me";
import { Section } from "./answer";
import { Entries, Entry } from "./entry";
import { failed, worked } from "./told";
import { When } from "./when";

export type Suggestion = Schemas["SuggestionOut"];

/** The suggestions for one incident that wait for a decision. */
export function SuggestionsFor({ incident }: { incident: string }) {
  const found = useQuery({
    queryKey: ["suggestions", incident],
    queryFn: () => got(api.GET("/api/v1/suggestions", { params: { query: { incident } } })),
    refetchInterval: 10_000,
  });
  const items = found.data?.items ?? [];
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
    worked(words);
    void queries.invalidateQueries();
  };
  const confirm = useMutation({
    mutationFn: () => got(api.POST("/api/v1/suggestions/{suggestion_id}/confirm", path)),
    onSuccess: () => again(suggestion.incident ? `It is now the resolution of ${suggestion.incident} now.` : "It is now a document."),
    onError: failed,
  });
  const dismiss = useMutation({
    mutationFn: () => got(api.POST("/api/v1/suggestions/{suggestion_id}/dismiss", path)),
    onSuccess: () => again("Dismissed: it does not count."),
    onError: failed,
  });
  const may = mayChange(me.data?.role);
  return (
    <Entry label={`suggestion ${suggestion.id}`}
      name={suggestion.incident ? <Link to={`/incidents/${encodeURIComponent(suggestion.incident)}`}>{suggestion.incident} {suggestion.title}</Link> : suggestion.title}
      badges={<>
        <Badge variant="light" tt="none">{suggestion.kind === "document" ? "document" : "resolution"}</Badge>
        <Badge variant="default" tt="none">{suggestion.by}</Badge>
      </>}
      about={<>written <When at={suggestion.at} />{suggestion.decided_at && <> · {suggestion.state} <When at={suggestion.decided_at} />{suggestion.decided_by && ` by ${suggestion.decided_by}`}</>}</>}
      actions={suggestion.state === "pending" && (
        <Group gap="xs">
          <Button size="xs" loading={confirm.isPending} disabled={!may} onClick={() => confirm.mutate()}>Confirm</Button>
          <Button size="xs" variant="default" loading={dismiss.isPending} disabled={!may} onClick={() => dismiss.mutate()}>Dismiss</Button>
        </Group>
      )}>
      <Text size="sm" className="onrecall-wrap" lineClamp={8}>{suggestion.text}</Text>
    </Entry>
  );
}
