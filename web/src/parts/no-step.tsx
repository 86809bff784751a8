// What to do first where no step is on record: read what somebody suggested, or open what is most like it.
import { Blockquote, Paper, Stack, Text } from "@mantine/core";
import { Link } from "react-router";

import { mayChange, useMe } from "../current-user";
import type { Evidence, Recommendation } from "../format";
import { InlineCode } from "./inline-code";
import { Shortened } from "./shortened";

export function NoStep({ answer }: { answer: Recommendation }) {
  const [suggestion] = answer.suggestions ?? [];
  const nearest = answer.verdict === "never_seen" ? undefined : answer.evidence.find((piece) => piece.kind === "incident");
  if (!suggestion && !nearest) return null;
  return (
    <Paper withBorder p="md" radius="lg" component="section" aria-label="first thing to do" className="onrecall-first onrecall-weighed onrecall-snug">
      <Stack gap={6}>
        <Text fw={700} size="sm">Start here</Text>
        {suggestion ? <Suggested suggestion={suggestion} /> : nearest && <Nearest incident={nearest} />}
      </Stack>
    </Paper>
  );
}

function Suggested({ suggestion }: { suggestion: Evidence }) {
  const may = mayChange(useMe().data?.role);
  return (
    <>
      <Text fw={600} className="onrecall-wrap onrecall-lead">Check what {suggestion.suggested_by ?? "a sender"} suggested before you act on it</Text>
      <Blockquote p="xs" m={0}><Shortened text={suggestion.excerpt?.text ?? suggestion.title} lines={6} /></Blockquote>
      <Text size="sm">Do not rely on it yet: nobody here has confirmed it, so no step is taken from it. {may && <Link to="/system/suggestions">Confirm or dismiss it</Link>}</Text>
    </>
  );
}

const Nearest = ({ incident }: { incident: Evidence }) => (
  <>
    <Text fw={600} className="onrecall-wrap onrecall-lead">Open the most similar incident: <Link to={`/incidents/${encodeURIComponent(incident.id)}`}><InlineCode text={incident.title} /></Link></Text>
    <Text size="sm" c="dimmed">{incident.resolution ? "No step is on record there." : "How it ended is not on record."} Its alerts, notes and people may help.</Text>
  </>
);
