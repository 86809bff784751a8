// An answer with receipts: verdict, cause, how far to trust it, the first safe step, then everything else.
import { Badge, Box, Group, List, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "react-router";

import { day, firstSafe, OUTCOME, type Recommendation, staleness, worthShowing } from "../format";
import { useNarrow } from "../live-updates";
import type { StepOutcomes } from "../step-outcomes";
import { type MarkCheck, NextCheck } from "./checks";
import { Citation } from "./citation";
import { EvidenceCard } from "./evidence";
import { Explained, HowItWasMade } from "./explanation";
import { InlineCode } from "./inline-code";
import { NoStep } from "./no-step";
import { SecondOpinion } from "./second-opinion";
import { Bullets, Section } from "./section";
import { FirstStep, type MarkStep, StepCard } from "./step";
import { Grounds, Verdict } from "./verdict";

interface AnswerProps {
  answer: Recommendation;
  /** What was asked, so that the words it shares with the evidence can be marked. */
  question: string;
  marked?: StepOutcomes;
  mark?: MarkStep;
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
      {first ? <FirstStep step={first} safe /> : answer.steps[0] ? <FirstStep step={answer.steps[0]} safe={false} /> : <NoStep answer={answer} />}
    </>
  );
}

/** All that it rests on, and the other steps. */
export function AnswerRest({ answer, question, marked, mark, markCheck, over = false }: Omit<AnswerProps, "children">) {
  const narrow = useNarrow();
  return (
    <>
      {narrow && <Grounds answer={answer} />}
      <Explained answer={answer} />
      {!over && <NextCheck answer={answer} mark={markCheck} />}
      {answer.tell_apart.length > 0 && <Section title="What to check to tell them apart"><Bullets items={answer.tell_apart} /></Section>}
      <Steps answer={answer} {...(marked && mark ? { marked, mark } : {})} />
      <TriedBefore answer={answer} />
      <GoingOn answer={answer} />
      <OfService answer={answer} />
      <Alternatives answer={answer} />
      <EvidenceList answer={answer} question={question} />
      {answer.second_opinion && <SecondOpinion opinion={answer.second_opinion} />}
      <HowItWasMade key={answer.id} answer={answer} />
    </>
  );
}

function Steps({ answer, marked, mark }: Pick<AnswerProps, "answer" | "marked" | "mark">) {
  if (answer.steps.length === 0) return null;
  return (
    <Section title={answer.steps.length === 1 ? "The one step" : `All ${answer.steps.length} steps`}>
      {staleness(answer.steps).map((note) => <Text key={note} size="sm" c="orange" mb="xs">{note}</Text>)}
      <Stack gap="sm" component="ol" p={0} m={0} role="list">
        {answer.steps.map((step) => <StepCard key={step.n} step={step} marked={marked?.[step.n]} mark={mark} />)}
      </Stack>
    </Section>
  );
}

function TriedBefore({ answer }: { answer: Recommendation }) {
  if (answer.tried_before.length === 0) return null;
  return (
    <Section title="Tried before, did not help">
      <Stack gap="xs">
        {answer.tried_before.map((failed, n) => (
          <Group key={n} gap="xs" align="baseline">
            <Badge color="red" variant="light">{OUTCOME[failed.outcome]}</Badge>
            <Text size="sm" flex="1 1 12rem" className="onrecall-wrap"><InlineCode text={failed.text} /></Text>
            <Citation citation={failed.citation} />
          </Group>
        ))}
      </Stack>
    </Section>
  );
}

/** What is open now and looks alike, and what nobody here confirmed. */
function GoingOn({ answer }: { answer: Recommendation }) {
  const ongoing = (answer.ongoing ?? []).map((other) => `${other.id} ${other.title} (${other.status})`);
  const suggested = (answer.suggestions ?? []).map((suggestion) => `${suggestion.suggested_by}: ${suggestion.excerpt?.text ?? suggestion.title}`);
  return (
    <>
      {ongoing.length > 0 && <Section title="Going on now"><Bullets items={ongoing} lead="Similar, but not a precedent: it is still open, or it began later." /></Section>}
      {suggested.length > 0 && <Section title="Suggested, not confirmed"><Bullets items={suggested} lead="A sender reported this, and nobody here confirmed it. OnRecall takes no step from it." /></Section>}
    </>
  );
}

/** The newest incidents of the service in question, where nothing matches. */
function OfService({ answer }: { answer: Recommendation }) {
  const others = answer.service_incidents ?? [];
  if (others.length === 0) return null;
  return (
    <Section title="Other incidents of this service">
      <Text size="sm">No match: listed because nothing similar is on record.</Text>
      <List size="sm" spacing={4} className="onrecall-wrap">
        {others.map((other) => (
          <List.Item key={other.id}>
            <Link to={`/incidents/${encodeURIComponent(other.id)}`}><InlineCode text={other.title} /></Link> <Text span size="xs" c="dimmed">{[other.service, other.status, day(other.started_at)].join(" · ")}</Text>
          </List.Item>
        ))}
      </List>
    </Section>
  );
}

function Alternatives({ answer }: { answer: Recommendation }) {
  if (answer.alternatives.length === 0) return null;
  return (
    <Section title="Other possible causes">
      <Stack gap="sm">
        {answer.alternatives.map((alternative) => (
          <Box key={alternative.cause}>
            <Text fw={600} className="onrecall-wrap"><InlineCode text={alternative.cause} /></Text>
            {alternative.tell_apart.length > 0 && <Bullets items={alternative.tell_apart} lead="How to tell it apart:" />}
            <Text size="xs" c="dimmed" className="onrecall-wrap">from {alternative.evidence.join(", ")}</Text>
          </Box>
        ))}
      </Stack>
    </Section>
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

