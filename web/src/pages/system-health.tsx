// The parts and whether they answer, and how much is in memory.
import { Badge, Group, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";

import { useStatus } from "../live-updates";
import { Entries, Entry } from "../parts/entry";
import { QueryState } from "../parts/states";
import { capitalized } from "../format";
import { InlineCode } from "../parts/inline-code";

const STATE = { ok: { color: "teal", words: "ok" }, degraded: { color: "yellow", words: "degraded" }, down: { color: "red", words: "down" } } as const;
const WHOLE = { ok: "All parts work.", degraded: "It works, but some parts are degraded.", down: "A part does not respond." } as const;

/** Parts and counts as people on call call them; the API's own names stay in the API. */
const PARTS: Readonly<Record<string, string>> = { store: "Database", meaning: "Search by meaning", words: "Search by words", worker: "Worker" };
const COUNTS: Readonly<Record<string, string>> = { examples: "of them examples", passages: "passages to search", recommendations: "answers", outcomes: "answers rated", events: "timeline entries" };

export function Health() {
  const status = useStatus({ parts: true });
  if (!status.data) return <QueryState query={status} rows={4} height={64} />;
  const { parts, counts, state, version } = status.data;
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Group gap="xs">
          <Badge color={STATE[state].color} variant="light">{STATE[state].words}</Badge>
          <Text size="sm">{WHOLE[state]}</Text>
        </Group>
        <Text size="sm" c="dimmed">OnRecall {version}</Text>
      </Group>
      <Entries label="parts">
        {parts.map((part) => (
          <Entry key={part.name} name={PARTS[part.name] ?? capitalized(part.name)} about={<InlineCode text={part.detail} />} label={part.name}
            badges={<Badge color={STATE[part.state].color} variant="light">{STATE[part.state].words}</Badge>} />
        ))}
      </Entries>
      <Title order={2} size="h5">In memory</Title>
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 4 }} spacing="xs">
        {Object.entries(counts).map(([name, count]) => (
          <Paper key={name} withBorder p="sm">
            <Text fz="xl" fw={700} lh={1.2}>{count.toLocaleString()}</Text>
            <Text size="sm" c="dimmed">{COUNTS[name] ?? name.replaceAll("_", " ")}</Text>
          </Paper>
        ))}
      </SimpleGrid>
    </Stack>
  );
}
