// What to look at next: the check that tells the causes apart best, and what was checked last time and not yet now.
import { Badge, Button, Group, List, Paper, Stack, Text } from "@mantine/core";
import { IconEqual, IconEqualNot } from "@tabler/icons-react";

import { type Check, type Recommendation, RISK } from "../format";
import { withoutCommand } from "../plain-text";
import { Citation } from "./citation";
import { StepCommand } from "./command";
import { InlineCode } from "./inline-code";

export type CheckResult = NonNullable<Check["result"]>;
/** Tells the server what a check showed; absent where nothing can be kept, as beside a question. */
export type MarkCheck = (check: Check, result: CheckResult) => void;

/** The next check with its reason, and the numbers of the steps that nobody looked at yet. */
export function NextCheck({ answer, mark }: { answer: Recommendation; mark?: MarkCheck | undefined }) {
  const next = answer.next_check;
  if (!next) return null;
  const above = next.from_precedent && next.n === answer.first_safe_step;
  const rest = (answer.unchecked ?? []).filter((check) => check.n !== next.n);
  return (
    <Paper withBorder p="md" radius="lg" component="section" aria-label="check next" className="onrecall-snug">
      <Stack gap={6}>
        <Group gap="xs">
          <Text fw={700} size="sm">Check next</Text>
          <Badge color="teal" variant="light">{RISK.read_only.words}</Badge>
          {next.from_precedent && <Text size="sm" c="dimmed">step {next.n}{above && ", as above"}</Text>}
        </Group>
        {!above && <Text className="onrecall-wrap" fw={600}><InlineCode text={withoutCommand(next.instruction || next.text, next.command)} /></Text>}
        {next.command && !above && <StepCommand key={next.n} step={next} command={next.command} />}
        <Text size="sm" c="dimmed" className="onrecall-wrap" data-testid="check-reason"><InlineCode text={next.reason} /></Text>
        <Group gap="xs">
          <Citation citation={next.citation} />
          {mark && <Results check={next} mark={mark} />}
        </Group>
        {rest.length > 0 && <Unchecked checks={rest} mark={mark} />}
      </Stack>
    </Paper>
  );
}

function Unchecked({ checks, mark }: { checks: readonly Check[]; mark: MarkCheck | undefined }) {
  return (
    <Stack gap={4} role="group" aria-label="checked last time, not yet checked now">
      <Text size="sm" fw={600}>Checked last time, not yet checked now</Text>
      <List size="sm" spacing={4}>
        {checks.map((check) => (
          <List.Item key={check.n}>
            <Group gap="xs">
              <Text size="sm" className="onrecall-wrap">step {check.n}: <InlineCode text={check.instruction || check.text} /></Text>
              {mark && <Results check={check} mark={mark} />}
            </Group>
          </List.Item>
        ))}
      </List>
    </Stack>
  );
}

/** What a look showed, kept with one touch; it rates neither the answer nor a step. */
function Results({ check, mark }: { check: Check; mark: MarkCheck }) {
  return (
    <Group gap={4}>
      <Button size="compact-xs" variant="default" leftSection={<IconEqual size={12} aria-hidden />} aria-label={`check ${check.n}: as it was then`} onClick={() => mark(check, "same")}>As it was then</Button>
      <Button size="compact-xs" variant="default" leftSection={<IconEqualNot size={12} aria-hidden />} aria-label={`check ${check.n}: not as it was then`} onClick={() => mark(check, "different")}>Not as then</Button>
    </Group>
  );
}
