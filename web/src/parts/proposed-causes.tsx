// Root causes that say the same and have no label yet: a person gives them one, many at a time.
import { Button, Checkbox, Group, List, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";

import { api, dataOf, type Schemas } from "../api/client";
import { mayChange, useMe } from "../current-user";
import { countText } from "../format";
import { InlineCode } from "./inline-code";
import { QueryFailure } from "./states";
import { showError, showSuccess } from "./toasts";

type Family = Schemas["ProposedFamilyOut"];
const MEMBERS_SHOWN = 5;

export function ProposedCauses() {
  const causes = useQuery({ queryKey: ["causes"], queryFn: () => dataOf(api.GET("/api/v1/causes")) });
  if (!causes.data) return <QueryFailure query={causes} />;
  if (causes.data.proposed.length === 0) return null;
  return <Proposals families={causes.data.proposed} summary={causes.data.summary} />;
}

function Proposals({ families, summary }: { families: readonly Family[]; summary: string }) {
  const [labels, setLabels] = useState<Record<string, string>>({});
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const queries = useQueryClient();
  const me = useMe();
  const decided = (sentence: string) => {
    showSuccess(sentence);
    setChosen([]);
    void queries.invalidateQueries({ queryKey: ["causes"] });
    void queries.invalidateQueries({ queryKey: ["recurrences"] });
  };
  const confirm = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/causes/confirm", { body: { families: chosen.map((id) => ({ id, label: labels[id] || null })) } })),
    onSuccess: (answer) => decided(`${countText(answer.changed, "incident")} labelled.`),
    onError: showError,
  });
  const dismiss = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/causes/dismiss", { body: { families: [...chosen] } })),
    onSuccess: () => decided("Dismissed: not proposed again."),
    onError: showError,
  });
  const choose = (id: string, on: boolean) => setChosen(on ? [...chosen, id] : chosen.filter((other) => other !== id));
  const idle = chosen.length === 0 || confirm.isPending || dismiss.isPending || !mayChange(me.data?.role);
  return (
    <Paper withBorder p="md" component="section" aria-label="Causes to confirm">
      <Stack gap="sm">
        <Title order={2} size="h4">Causes to confirm</Title>
        <Text size="sm" c="dimmed">{summary}. With a label, they count as one cause here, in the backtest and in trust.</Text>
        <Group gap="xs">
          <Checkbox label="All" checked={chosen.length === families.length} indeterminate={chosen.length > 0 && chosen.length < families.length}
            onChange={(event) => setChosen(event.currentTarget.checked ? families.map((family) => family.id) : [])} />
          <Button size="compact-sm" disabled={idle} loading={confirm.isPending} onClick={() => confirm.mutate()}>Confirm {chosen.length || ""}</Button>
          <Button size="compact-sm" variant="default" disabled={idle} loading={dismiss.isPending} onClick={() => dismiss.mutate()}>Not the same cause</Button>
        </Group>
        {families.map((family) => (
          <Group key={family.id} align="flex-start" wrap="nowrap" gap="xs">
            <Checkbox aria-label={`choose ${family.label}`} checked={chosen.includes(family.id)} mt={8} onChange={(event) => choose(family.id, event.currentTarget.checked)} />
            <Stack gap={4} flex={1} miw={0}>
              <TextInput aria-label={`label of ${family.label}`} size="sm" maxLength={80} value={labels[family.id] ?? family.label}
                onChange={(event) => setLabels({ ...labels, [family.id]: event.currentTarget.value })} />
              <Text size="xs" c="dimmed" className="onrecall-wrap"><InlineCode text={family.why} /></Text>
              <Members family={family} />
            </Stack>
          </Group>
        ))}
      </Stack>
    </Paper>
  );
}

function Members({ family }: { family: Family }) {
  const more = family.members.length - MEMBERS_SHOWN;
  return (
    <List size="sm" spacing={2}>
      {family.members.slice(0, MEMBERS_SHOWN).map((member) => (
        <List.Item key={member.incident} className="onrecall-wrap">
          <Link to={`/incidents/${encodeURIComponent(member.incident)}`}>{member.incident}</Link> <InlineCode text={member.root_cause} />
          {member.shared.length > 0 && <Text span size="xs" c="dimmed"> shared words: {member.shared.join(", ")}</Text>}
        </List.Item>
      ))}
      {more > 0 && <List.Item>and {more} more</List.Item>}
    </List>
  );
}
