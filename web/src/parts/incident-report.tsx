// What the postmortem of an incident says beyond its resolution and its action items; only what it says.
import { List, Stack, Text } from "@mantine/core";
import { Link } from "react-router";

import { clock, type Incident } from "../format";
import { Section } from "./section";
import { documentAddress } from "../search";
import { Citation } from "./citation";
import { InlineCode } from "./inline-code";

export function IncidentReport({ incident }: { incident: Incident }) {
  const paragraphs = [["Impact", incident.impact], ["Detection", incident.detection], ["Trigger", incident.trigger], ["Contributing factors", incident.contributing_factors]] as const;
  const written = paragraphs.filter(([, text]) => text);
  if (written.length === 0 && incident.timeline.length === 0) return null;
  return (
    <Section title="From the postmortem">
      <Stack gap="sm">
        {written.map(([name, text]) => (
          <div key={name}>
            <Text size="sm" fw={600}>{name}</Text>
            <Text size="sm" className="onrecall-wrap onrecall-rows"><InlineCode text={text ?? ""} /></Text>
          </div>
        ))}
        {incident.timeline.length > 0 && (
          <div>
            <Text size="sm" fw={600}>Timeline</Text>
            <List size="sm" spacing={2} className="onrecall-wrap">
              {incident.timeline.map((entry, n) => <List.Item key={n}>{entry.at && <Text span size="sm" c="dimmed">{clock(entry.at)}: </Text>}<InlineCode text={entry.text} /> <Line incident={incident} line={entry.line} text={entry.text} /></List.Item>)}
            </List>
          </div>
        )}
        {incident.document && <Text size="sm"><Link to={documentAddress(incident.document)}>Read the whole postmortem</Link></Text>}
      </Stack>
    </Section>
  );
}

/** Where it stands in the document. */
const Line = ({ incident, line, text }: { incident: Incident; line: number | null; text: string }) =>
  line && incident.document ? <Citation short citation={{ id: incident.document, incident: incident.id, line, quote: text }} /> : null;
