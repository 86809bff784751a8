// An answer with receipts: verdict, cause, how far to trust it, the first safe step, then everything else.
import { Anchor, Badge, Box, Divider, Group, List, Paper, Stack, Text, Title, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { ReactNode } from "react";

import { Link } from "react-router";

import { firstSafe, likely, OUTCOME, restsOn, labelText, record, RISK, type Outcome, type Recommendation, staleness, type Step, trust, VERDICT, worthShowing } from "../format";
import { type MarkCheck, NextCheck } from "./checks";
import { Citation } from "./citation";
import { StepCommand } from "./command";
import { EvidenceCard } from "./evidence";
import { Explained, HowItWasMade, Sentence } from "./explanation";
import { Bar } from "./interval";
import type { StepOutcomes } from "../step-outcomes";
import { StepOutcomeButtons } from "./step-outcome";
import { SecondOpinion } from "./second-opinion";

const LONG_CAUSE = 90;
const LONG_REASON = 90;

interface AnswerProps {
  answer: Recommendation;
  /** What was asked, so that the words it shares with the evidence can be marked. */
  question: string;
  marked?: StepOutcomes;
  mark?: (step: Step, outcome: Outcome) => void;
  /** Keeps what a check showed. */
  markCheck?: MarkCheck;
  /** Whether its incident is over, so that nothing is left to look at. */
  over?: boolean;
  /** What stands between the first step and everything else. */
  children?: ReactNode;
}

export function Answer({ answer, question, marked, mark, children }: AnswerProps) {
  return (
    <Stack gap="md" className="onrecall-tight">
      <AnswerTop answer={answer} />
      {children}
      <AnswerRest answer={answer} question={question} {...(marked && mark ? { marked, mark } : {})} />
    </Stack>
  );
}

/** What has to be seen at once. */
export function AnswerTop({ answer }: { answer: Recommendation }) {
  const first = firstSafe(answer);
  return (
    <>
      <Verdict answer={answer} />
      {first ? <FirstStep step={first} safe /> : answer.steps[0] && <FirstStep step={answer.steps[0]} safe={false} />}
    </>
  );
}

/** All that it rests on, and the other steps. */
export function AnswerRest({ answer, question, marked, mark, markCheck, over = false }: Omit<AnswerProps, "children">) {
  return (
    <>
      <Explained answer={answer} />
      {!over && <NextCheck answer={answer} mark={markCheck} />}
      {answer.tell_apart.length > 0 && (
        <Section title="What to check to tell them apart">
          <Bullets items={answer.tell_apart} />
        </Section>
      )}
      {answer.steps.length > 0 && (
        <Section title={answer.steps.length === 1 ? "The one step" : `All ${answer.steps.length} steps`}>
          {staleness(answer.steps).map((note) => <Text key={note} size="sm" c="orange" mb="xs">{note}</Text>)}
          <Stack gap="sm" component="ol" p={0} m={0} role="list">
            {answer.steps.map((step) => (
              <StepCard key={step.n} step={step} marked={marked?.[step.n]} mark={mark} />
            ))}
          </Stack>
        </Section>
      )}
      {answer.tried_before.length > 0 && (
        <Section title="Tried before, did not help">
          <Stack gap="xs">
            {answer.tried_before.map((failed, n) => (
              <Group key={n} gap="xs" align="baseline">
                <Badge color="red" variant="light">{OUTCOME[failed.outcome]}</Badge>
                <Text size="sm" flex="1 1 12rem">{failed.text}</Text>
                <Citation citation={failed.citation} />
              </Group>
            ))}
          </Stack>
        </Section>
      )}
      {(answer.ongoing ?? []).length > 0 && (
        <Section title="Going on now">
          <Bullets items={(answer.ongoing ?? []).map((ongoing) => `${ongoing.id} ${ongoing.title} (${ongoing.status})`)} lead="Similar, but not a precedent: it is still open, or it began later." />
        </Section>
      )}
      {(answer.suggestions ?? []).length > 0 && (
        <Section title="Suggested, not confirmed">
          <Bullets items={(answer.suggestions ?? []).map((suggestion) => `${suggestion.suggested_by}: ${suggestion.excerpt?.text ?? suggestion.title}`)} lead="A sender reported this, and nobody here confirmed it. OnRecall takes no step from it." />
        </Section>
      )}
      {answer.alternatives.length > 0 && (
        <Section title="Other possible causes">
          <Stack gap="sm">
            {answer.alternatives.map((alternative) => (
              <Box key={alternative.cause}>
                <Text fw={600}>{alternative.cause}</Text>
                {alternative.tell_apart.length > 0 && <Bullets items={alternative.tell_apart} lead="How to tell it apart:" />}
                <Text size="xs" c="dimmed">from {alternative.evidence.join(", ")}</Text>
              </Box>
            ))}
          </Stack>
        </Section>
      )}
      <EvidenceList answer={answer} question={question} />
      {answer.second_opinion && <SecondOpinion opinion={answer.second_opinion} />}
      <HowItWasMade key={answer.id} answer={answer} />
    </>
  );
}

function EvidenceList({ answer, question }: { answer: Recommendation; question: string }) {
  const evidence = worthShowing(answer.evidence);
  if (evidence.length === 0) return null;
  const miss = answer.verdict === "never_seen";
  return (
    <Section title={miss ? "Nearest misses" : "What it rests on"}>
      <Stack gap="sm">
        {evidence.map((piece) => <EvidenceCard key={`${piece.kind}:${piece.id}`} evidence={piece} question={question} miss={miss} />)}
      </Stack>
    </Section>
  );
}

export function Verdict({ answer }: { answer: Recommendation }) {
  const verdict = VERDICT[answer.verdict];
  return (
    <Paper withBorder p="md" radius="lg" component="section" aria-label="verdict" className="onrecall-snug">
      <Stack gap={4}>
        <Group gap="xs">
          <Badge color={verdict.filled} size="lg" variant="filled" autoContrast data-testid="verdict">{verdict.words}</Badge>
          {answer.cause_citation && <Citation citation={answer.cause_citation} />}
        </Group>
        {answer.cause && <Text size="xs" c="dimmed" fw={600} lh={1.1} mb={-4}>Likely cause</Text>}
        {answer.cause && <Cause answer={answer} cause={answer.cause} />}
        <Likely answer={answer} />
        <Why reason={answer.verdict_reason} />
      </Stack>
    </Paper>
  );
}

/** How likely the cause is right: a number, its interval as a bar, what it was counted on, and what the answer rests on. */
function Likely({ answer }: { answer: Recommendation }) {
  const sure = answer.confidence;
  const rests = answer.verdict === "never_seen" ? [] : restsOn(answer);
  return (
    <Stack gap={2}>
      {sure && answer.cause && (
        <Group gap="xs" wrap="nowrap">
          <Text size="sm" fw={700} flex="none">{likely(sure)}</Text>
          <Box flex="1 1 4rem" maw="16rem"><Bar figure={{ value: sure.probability, low: sure.low, high: sure.high, n: sure.of }} /></Box>
        </Group>
      )}
      <Text size="xs" c="dimmed" className="onrecall-wrap" data-testid="trust">{trust(answer)}</Text>
      {rests.length > 0 && (
        <Text size="xs" c="dimmed" className="onrecall-wrap" component="div">
          Rests on {rests.map((piece, n) => <span key={piece.id}>{n > 0 && ", "}{piece.kind === "incident" ? <Link to={`/incidents/${encodeURIComponent(piece.id)}`}>{piece.id}</Link> : piece.id}</span>)}
        </Text>
      )}
    </Stack>
  );
}

/** Text of which a phone shows the first lines, and the rest when it is touched. */
function Clamped({ text, lines, long, dim = false }: { text: string; lines: number; long: boolean; dim?: boolean }) {
  const [whole, { toggle }] = useDisclosure(false);
  if (!long) return <Text size="sm" {...(dim ? { c: "dimmed" } : {})} className="onrecall-wrap">{text}</Text>;
  return (
    <UnstyledButton onClick={toggle} aria-expanded={whole} title={whole ? "less" : "all of it"}>
      <Text size="sm" {...(dim ? { c: "dimmed" } : {})} className="onrecall-wrap" {...(whole ? {} : { lineClamp: lines })}>{text}</Text>
    </UnstyledButton>
  );
}

const Why = ({ reason }: { reason: string }) => <Clamped text={`Why: ${reason}`} lines={2} long={reason.length > LONG_REASON} dim />;

/** The cause in a few words, and as it was told: its first lines, the rest on request. */
function Cause({ answer, cause }: { answer: Recommendation; cause: string }) {
  const label = answer.cause_label;
  return (
    <>
      <Title order={2} size="h4" className="onrecall-wrap" {...(label ? {} : { lineClamp: 4 })}>{label ? labelText(label) : cause}</Title>
      {label && <Clamped text={cause} lines={2} long={cause.length > LONG_CAUSE} />}
    </>
  );
}

/** The step to begin with: a safe one, or else what was done first then, which is to be weighed. */
function FirstStep({ step, safe }: { step: Step; safe: boolean }) {
  return (
    <Paper withBorder p="md" radius="lg" component="section" aria-label={safe ? "first safe step" : "first step, to be weighed"} className={`onrecall-first ${safe ? "" : "onrecall-weighed "}onrecall-snug`}>
      <Stack gap={6}>
        <Group gap="xs">
          <Text fw={700} size="sm">{safe ? "Start here" : "Start here, with care"}</Text>
          <Risk step={step} />
        </Group>
        <Instruction step={step} lead />
        {step.command && <StepCommand step={step} command={step.command} />}
        {!safe && <Text size="sm" c="orange">No step is known to be safe to begin with. This came first then: weigh what it disrupts.</Text>}
        {!safe && step.rollback && <Text size="sm">Undo: {step.rollback}</Text>}
        {step.stale && <Text size="sm" c="orange">May be outdated: {step.stale}</Text>}
        <Receipt step={step} />
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
        {instruction}
        {instruction !== step.text && <> <Anchor component="button" type="button" size="xs" onClick={toggle} aria-expanded={opened}>{opened ? "less" : "as it was written"}</Anchor></>}
      </Text>
      {opened && <Text size="sm" c="dimmed" className="onrecall-wrap">Then: “{step.text}”</Text>}
    </Box>
  );
}

function StepCard({ step, marked, mark }: { step: Step; marked: Outcome | undefined; mark: AnswerProps["mark"] | undefined }) {
  return (
    <Paper withBorder p="sm" component="li" className="onrecall-step">
      <Stack gap="xs">
        <Group gap="xs" align="flex-start" wrap="nowrap">
          <Text fw={700} miw={24}>{step.n}.</Text>
          <Instruction step={step} />
          <Risk step={step} />
        </Group>
        {step.command && <StepCommand step={step} command={step.command} />}
        {step.why && <Sentence sentence={step.why} />}
        {step.precondition && <Text size="sm">Before: {step.precondition}</Text>}
        {step.rollback && <Text size="sm">Undo: {step.rollback}</Text>}
        {step.old_values.length > 0 && !step.command && (
          <Text size="sm">‹…› is a value of the old incident ({step.old_values.join(", ")}). Replace it with your own.</Text>
        )}
        <Receipt step={step} />
        {mark && <StepOutcomeButtons step={step} marked={marked} mark={mark} />}
      </Stack>
    </Paper>
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

function Bullets({ items, lead }: { items: readonly string[]; lead?: string }) {
  return (
    <>
      {lead && <Text size="sm">{lead}</Text>}
      <List size="sm" spacing={4}>{items.map((item) => <List.Item key={item}>{item}</List.Item>)}</List>
    </>
  );
}

export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Box component="section" aria-label={title}>
      <Divider label={<Title order={2} size="h5">{title}</Title>} labelPosition="left" mb="xs" />
      {children}
    </Box>
  );
}
