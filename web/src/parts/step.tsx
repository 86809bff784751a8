// One step: an instruction, its command, its risk, and the record and the line that it rests on.
import { Anchor, Badge, Box, Group, Paper, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";

import { type Outcome, record, RISK, type Step } from "../format";
import { withoutCommand } from "../plain-text";
import { Citation } from "./citation";
import { StepCommand } from "./command";
import { Sentence } from "./explanation";
import { InlineCode } from "./inline-code";
import { StepOutcomeButtons } from "./step-outcome";

export type MarkStep = (step: Step, outcome: Outcome) => void;

/** The step to begin with: a safe one, or else what was done first then, which is to be weighed. */
export function FirstStep({ step, safe }: { step: Step; safe: boolean }) {
  return (
    <Paper withBorder p="md" radius="lg" component="section" aria-label={safe ? "first safe step" : "first step, to be weighed"} className={`onrecall-first ${safe ? "" : "onrecall-weighed "}onrecall-snug`}>
      <Stack gap={6}>
        <Group gap="xs">
          <Text fw={700} size="sm">{safe ? "Start here" : "Start here, with care"}</Text>
          <Risk step={step} />
        </Group>
        <Instruction step={step} lead />
        {step.command && <StepCommand step={step} command={step.command} />}
        {!safe && <Text size="sm" c="orange">No step is known to be safe to begin with. This one came first last time: weigh what it disrupts.</Text>}
        {!safe && step.rollback && <Text size="sm" className="onrecall-wrap">Undo: <InlineCode text={step.rollback} /></Text>}
        {step.stale && <Text size="sm" c="orange">May be outdated: {step.stale}</Text>}
        {step.command && <Text size="sm">Before you run it, check that its names and paths fit this incident.</Text>}
        <Receipt step={step} />
      </Stack>
    </Paper>
  );
}

export function StepCard({ step, marked, mark }: { step: Step; marked: Outcome | undefined; mark: MarkStep | undefined }) {
  return (
    <Paper withBorder p="sm" component="li" className="onrecall-step">
      <Stack gap="xs">
        <Group gap="xs" align="flex-start">
          <Group gap="xs" align="flex-start" wrap="nowrap" flex="1 1 14rem" miw={0}>
            <Text fw={700} miw={24}>{step.n}.</Text>
            <Instruction step={step} />
          </Group>
          <Risk step={step} />
        </Group>
        {step.command && <StepCommand step={step} command={step.command} />}
        {step.why && <Sentence sentence={step.why} />}
        {step.precondition && <Text size="sm" className="onrecall-wrap">Before: <InlineCode text={step.precondition} /></Text>}
        {step.rollback && <Text size="sm" className="onrecall-wrap">Undo: <InlineCode text={step.rollback} /></Text>}
        {step.old_values.length > 0 && !step.command && (
          <Text size="sm">‹…› is a value of the old incident ({step.old_values.join(", ")}). Replace it with your own.</Text>
        )}
        <Receipt step={step} />
        {mark && <StepOutcomeButtons step={step} marked={marked} mark={mark} />}
      </Stack>
    </Paper>
  );
}

/** What to do in one line, and one touch away what was written then. */
function Instruction({ step, lead = false }: { step: Step; lead?: boolean }) {
  const [opened, { toggle }] = useDisclosure(false);
  const instruction = step.instruction || step.text;
  return (
    <Box flex={1} miw={0}>
      <Text className={`onrecall-wrap ${lead ? "onrecall-lead" : ""}`} {...(lead ? { fw: 600 } : {})} component="div">
        <InlineCode text={withoutCommand(instruction, step.command)} />
        {instruction !== step.text && <> <Anchor component="button" type="button" size="xs" onClick={toggle} aria-expanded={opened}>{opened ? "less" : "as it was written"}</Anchor></>}
      </Text>
      {opened && <Text size="sm" c="dimmed" className="onrecall-wrap">Then: “<InlineCode text={step.text} />”</Text>}
    </Box>
  );
}

const Risk = ({ step }: { step: Step }) => (
  <Badge color={RISK[step.risk].color} variant="light" flex="none">{RISK[step.risk].words}</Badge>
);

const Receipt = ({ step }: { step: Step }) => (
  <Group gap="xs">
    <Citation citation={step.citation} />
    <Text size="sm" c="dimmed">{record(step.record)}</Text>
  </Group>
);
