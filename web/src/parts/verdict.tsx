// What memory says at a glance: whether it was seen before, the likely cause, and how far to trust it.
import { Badge, Box, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { Link } from "react-router";

import { labelText, likely, type Recommendation, restsOn, trust, VERDICT } from "../format";
import { useNarrow } from "../live-updates";
import { Citation } from "./citation";
import { Bar } from "./interval";
import { Shortened } from "./shortened";

export function Verdict({ answer }: { answer: Recommendation }) {
  const verdict = VERDICT[answer.verdict];
  const narrow = useNarrow();
  return (
    <Paper withBorder p="md" radius="lg" component="section" aria-label="verdict" className="onrecall-snug">
      <Stack gap={4}>
        <Group gap="xs">
          <Badge color={verdict.filled} size={narrow ? "md" : "lg"} variant="filled" autoContrast data-testid="verdict">{verdict.words}</Badge>
          {!narrow && answer.cause_citation && <Citation citation={answer.cause_citation} />}
        </Group>
        {answer.cause && <Cause answer={answer} cause={answer.cause} />}
        <Box data-testid="trust"><Shortened text={trust(answer)} lines={3} size="xs" c="dimmed" /></Box>
        {!narrow && <Grounds answer={answer} />}
      </Stack>
    </Paper>
  );
}

/** The cause in a few words and as it was told of an earlier incident, how likely it is right, and how sure that number is. */
function Cause({ answer, cause }: { answer: Recommendation; cause: string }) {
  const label = answer.cause_label;
  const from = answer.cause_citation?.id;
  const sure = answer.confidence;
  const narrow = useNarrow();
  return (
    <>
      <Group gap="xs">
        <Text size="xs" c="dimmed" fw={600} flex="none">{sure && sure.probability < 0.5 ? "Possible cause" : "Likely cause"}</Text>
        {sure && <Text size="sm" fw={700} flex="none">{likely(sure)}</Text>}
        {sure && <Box flex="1 1 4rem" maw="16rem"><Bar figure={{ value: sure.probability, low: sure.low, high: sure.high }} /></Box>}
      </Group>
      <Title order={2} size={narrow ? "h5" : "h4"} className="onrecall-wrap">{label ? labelText(label) : <Shortened inherit text={cause} lines={3} />}</Title>
      {label && <Shortened text={from ? `In ${from}: ${cause}` : cause} lines={2} />}
      {!label && from && <Text size="xs" c="dimmed">as recorded in {from}</Text>}
    </>
  );
}

/** Why the verdict is what it is, and the records that the answer cites; on a phone they come after the first step. */
export function Grounds({ answer }: { answer: Recommendation }) {
  const rests = answer.verdict === "never_seen" ? [] : restsOn(answer);
  const narrow = useNarrow();
  return (
    <Stack gap={4}>
      {rests.length > 0 && (
        <Text size="xs" c="dimmed" className="onrecall-wrap" component="div">
          Rests on {rests.map((piece, n) => <span key={piece.id}>{n > 0 && ", "}{piece.kind === "incident" ? <Link to={`/incidents/${encodeURIComponent(piece.id)}`}>{piece.id}</Link> : piece.id}</span>)}
        </Text>
      )}
      {narrow && answer.cause_citation && <Text size="xs" c="dimmed" component="div" className="onrecall-wrap">Cause from <Citation citation={answer.cause_citation} /></Text>}
      <Shortened text={`Why: ${answer.verdict_reason}`} lines={2} c="dimmed" />
      {answer.confidence && answer.confidence_reason && <Text size="xs" c="dimmed" className="onrecall-wrap">Trust: {answer.confidence_reason}</Text>}
    </Stack>
  );
}
