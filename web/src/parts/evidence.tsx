// An earlier incident or a document that is like this: how it ended, why it matches, what differs.
import { Anchor, Badge, Box, Code, Group, List, Mark, Paper, Progress, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Link } from "react-router";

import { countText, type Evidence, matching, record } from "../format";
import { useNarrow } from "../live-updates";
import { plainText } from "../plain-text";
import { documentAddress } from "../search";
import { Citation } from "./citation";
import { InlineCode } from "./inline-code";

interface EvidenceCardProps {
  evidence: Evidence;
  /** What was asked, so that the words it shares with the evidence can be marked. */
  question: string;
  /** Whether it is only the nearest of what does not match. */
  miss?: boolean;
}

/** Where a piece of evidence is read whole. */
const addressOf = ({ kind, id }: Evidence): string =>
  kind === "incident" ? `/incidents/${encodeURIComponent(id)}` : kind === "document" ? documentAddress(id) : "/system/suggestions";

export function EvidenceCard({ evidence, question, miss = false }: EvidenceCardProps) {
  const narrow = useNarrow();
  const [opened, { toggle }] = useDisclosure(false);
  const { kind, id, title, score, family, resolution } = evidence;
  return (
    <Paper withBorder p="sm" component="article" aria-label={title}>
      <Stack gap={6}>
        <Group gap="xs" justify="space-between" align="flex-start" wrap="nowrap">
          <Box flex={1} miw={0}>
            <Text fw={600} className="onrecall-wrap"><Link to={addressOf(evidence)}><InlineCode text={title} /></Link></Text>
            <Text size="xs" c="dimmed" className="onrecall-wrap">{kind} {id}</Text>
          </Box>
          <Badge variant="default" flex="none">{miss ? "miss" : "match"} {Math.round(score * 100)} %</Badge>
        </Group>
        <Progress value={score * 100} size="xs" aria-label="similarity, not a probability" />
        {family.length > 0 && <Text size="sm" className="onrecall-wrap">It happened {countText(family.length, "more time")}: {family.join(", ")}</Text>}
        {resolution && <Text size="sm" className="onrecall-wrap">How it ended: <InlineCode text={resolution.root_cause} /></Text>}
        {kind === "incident" && !resolution && <Text size="sm" c="dimmed">How it ended is not on record.</Text>}
        {narrow && <Anchor component="button" type="button" size="sm" ta="left" onClick={toggle} aria-expanded={opened}>{opened ? "Hide why it matches" : "Why it matches"}</Anchor>}
        {(!narrow || opened) && <Match evidence={evidence} question={question} />}
        {evidence.record.tried > 0 && <Text size="xs" c="dimmed">Answers based on it: {record(evidence.record)}</Text>}
      </Stack>
    </Paper>
  );
}

/** What both share and what differs, and the lines that match best. */
function Match({ evidence: { id, why, excerpt }, question }: Pick<EvidenceCardProps, "evidence" | "question">) {
  return (
    <>
      {why.length > 0 && <List size="sm" spacing={2} className="onrecall-wrap">{why.map((reason) => <List.Item key={reason}>{reason}</List.Item>)}</List>}
      {excerpt && (
        <Box>
          <Citation citation={{ id: excerpt.page ?? id, incident: null, line: excerpt.line, quote: excerpt.text }} />
          <Code block className="onrecall-excerpt" tabIndex={0}><MarkedText text={plainText(excerpt.text)} question={question} /></Code>
        </Box>
      )}
    </>
  );
}

function MarkedText({ text, question }: { text: string; question: string }) {
  return (
    <>
      {matching(text, question).map((piece, n) => (piece.same ? <Mark key={n}>{piece.text}</Mark> : <span key={n}>{piece.text}</span>))}
    </>
  );
}
