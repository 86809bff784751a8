// How an answer came to be: a model's words with their receipts, what it changed, and what that took.
import { Anchor, Badge, Group, List, Paper, Stack, Table, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";

import type { Schemas } from "../api/client";
import { money, type Recommendation, took } from "../format";
import { Citation } from "./citation";
import { InlineCode } from "./inline-code";

/** Sentences of a model, each beside the lines that it was checked against. */
export function Explained({ answer }: { answer: Recommendation }) {
  if (answer.explanation.length === 0) return null;
  return (
    <Paper withBorder p="sm" component="section" aria-label="explained by a model">
      <Stack gap={6}>
        <Group gap="xs">
          <Badge variant="light" color="grape" tt="none">explained by {answer.model ?? "a model"}</Badge>
          <Text size="xs" c="dimmed">each sentence was checked against the lines it cites</Text>
        </Group>
        {answer.explanation.map((sentence) => <Sentence key={sentence.text} sentence={sentence} />)}
      </Stack>
    </Paper>
  );
}

export const Sentence = ({ sentence }: { sentence: Schemas["CitedSentenceOut"] }) => (
  <Text size="sm" className="onrecall-wrap" component="div">
    <InlineCode text={sentence.text} /> {sentence.citations.map((citation, n) => <span key={n}>{n > 0 && ", "}<Citation citation={citation} /></span>)}
  </Text>
);

/** What it took, in figures with their units, and what a model changed. */
export function HowItWasMade({ answer }: { answer: Recommendation }) {
  const [opened, { toggle }] = useDisclosure(answer.composer === "llm");
  const byModel = answer.composer === "llm";
  const rows: [string, string][] = [
    ["composed", byModel ? `by ${answer.model ?? "a model"}, from the answer without a model` : "from memory alone, without a model"],
    ["why so", answer.route_reason],
    ["recalled in", took(answer.latency_ms.recall)],
    ["in all", took(answer.latency_ms.total)],
    ...(answer.tokens > 0 || byModel ? [["tokens", answer.tokens.toLocaleString()], ["cost", money(answer.cost_usd)]] as [string, string][] : []),
  ];
  return (
    <Stack gap={4} component="section" aria-label="how this answer was made">
      <Text size="xs" c="dimmed" component="div">
        Answered in {took(answer.latency_ms.total)}, {byModel ? `refined by ${answer.model ?? "a model"}` : "without a model"}.{" "}
        <Anchor component="button" type="button" size="xs" onClick={toggle} aria-expanded={opened}>{opened ? "less" : "how this answer was made"}</Anchor>
      </Text>
      {opened && (
        <Paper withBorder p="sm">
          {answer.changed.length > 0 && (
            <>
              <Text size="sm" fw={600}>What the model changed</Text>
              <List size="sm" mb="xs">{answer.changed.map((change) => <List.Item key={change}>{change}</List.Item>)}</List>
            </>
          )}
          <Table layout="fixed" withRowBorders={false} verticalSpacing={2}>
            <Table.Tbody>
              {rows.map(([name, value]) => (
                <Table.Tr key={name}><Table.Td w="7rem" c="dimmed" fz="sm">{name}</Table.Td><Table.Td fz="sm" className="onrecall-wrap">{value}</Table.Td></Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Paper>
      )}
    </Stack>
  );
}
