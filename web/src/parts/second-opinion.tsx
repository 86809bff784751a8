// What a Hindsight bank finds for the same question: beside our evidence, never part of it.
import { Badge, Box, Group, List, Paper, Stack, Text } from "@mantine/core";
import { Link } from "react-router";

import { opinionSentence, type SecondOpinion as Opinion } from "../format";

export function SecondOpinion({ opinion }: { opinion: Opinion }) {
  return (
    <Paper withBorder p="sm" component="section" aria-label="second opinion">
      <Stack gap={6}>
        <Group gap="xs">
          <Badge variant="default" tt="none">second opinion: {opinion.source}</Badge>
          <Text size="xs" c="dimmed" className="onrecall-wrap">bank {opinion.bank}</Text>
        </Group>
        <Text size="sm" className="onrecall-wrap">{opinionSentence(opinion)}</Text>
        {opinion.matches.length > 0 && (
          <List size="sm" spacing={2}>
            {opinion.matches.map((match) => (
              <List.Item key={match.document_id}>
                <Box component="span" className="onrecall-wrap">
                  {match.incident ? <Link to={`/incidents/${encodeURIComponent(match.incident)}`}>{match.title ?? match.incident}</Link> : (match.title ?? match.document_id)}
                  {` (its own similarity ${match.semantic.toFixed(2)})`}
                </Box>
              </List.Item>
            ))}
          </List>
        )}
      </Stack>
    </Paper>
  );
}
