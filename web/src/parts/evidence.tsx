// An earlier incident or a document that is like this: why it matches, what differs, how it ended.
import { Badge, Box, Code, Group, List, Mark, Paper, Progress, Stack, Text } from "@mantine/core";
import { Link } from "react-router";

import { plainText } from "../plain-text";
import { countText, matching, record, type Evidence } from "../format";
import { Citation } from "./citation";

export function EvidenceCard({ evidence, question, miss = false }: { evidence: Evidence; question: string; miss?: boolean }) {
  const incident = evidence.kind === "incident";
  return (
    <Paper withBorder p="sm" component="article" aria-label={evidence.title}>
      <Stack gap={6}>
        <Group gap="xs" justify="space-between" align="flex-start" wrap="nowrap">
          <Box flex={1} miw={0}>
            <Text fw={600} className="onrecall-wrap">
              {incident ? <Link to={`/incidents/${encodeURIComponent(evidence.id)}`}>{evidence.title}</Link> : evidence.title}
            </Text>
            <Text size="xs" c="dimmed" className="onrecall-wrap">{evidence.kind} {evidence.id}</Text>
          </Box>
          <Badge variant="default" flex="none">{miss ? "miss" : "match"} {Math.round(evidence.score * 100)} %</Badge>
        </Group>
        <Progress value={evidence.score * 100} size="xs" aria-label="similarity, not a probability" />
        {evidence.family.length > 0 && <Text size="sm">It happened {countText(evidence.family.length, "more time")}: {evidence.family.join(", ")}</Text>}
        {evidence.why.length > 0 && <List size="sm" spacing={2}>{evidence.why.map((why) => <List.Item key={why}>{why}</List.Item>)}</List>}
        {evidence.excerpt && (
          <Box>
            <Citation citation={{ id: evidence.excerpt.page ?? evidence.id, incident: null, line: evidence.excerpt.line, quote: evidence.excerpt.text }} />
            <Code block className="onrecall-excerpt" tabIndex={0}><MarkedText text={plainText(evidence.excerpt.text)} question={question} /></Code>
          </Box>
        )}
        {evidence.resolution && (
          <Text size="sm" className="onrecall-wrap">How it ended: {evidence.resolution.root_cause}</Text>
        )}
        {incident && !evidence.resolution && <Text size="sm" c="dimmed">How it ended is not on record.</Text>}
        {evidence.record.tried > 0 && <Text size="xs" c="dimmed">Answers based on it: {record(evidence.record)}</Text>}
      </Stack>
    </Paper>
  );
}

function MarkedText({ text, question }: { text: string; question: string }) {
  return (
    <>
      {matching(text, question).map((piece, n) => (piece.same ? <Mark key={n}>{piece.text}</Mark> : <span key={n}>{piece.text}</span>))}
    </>
  );
}
