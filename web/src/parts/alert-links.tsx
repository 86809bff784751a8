// Where the alerts of an incident say that one should look: runbooks, dashboards and the like.
import { Anchor, Stack, Text } from "@mantine/core";

import { isAddress } from "../address";
import type { Schemas } from "../api/client";
import { Section } from "./answer";

const LEADS_TO: Readonly<Record<Schemas["AlertLinkOut"]["kind"], string>> = { runbook: "Runbook", dashboard: "Dashboard", generator: "Rule", silence: "Silence it", source: "Source" };

/** Only what a browser opens as a page is a link. */
export function AlertLinks({ links = [] }: { links?: readonly Schemas["AlertLinkOut"][] | undefined }) {
  const safe = links.filter((link) => isAddress(link.url));
  if (safe.length === 0) return null;
  return (
    <Section title="Linked by its alerts">
      <Stack gap={4}>
        {safe.map((link) => (
          <Text key={link.url} size="sm" className="onrecall-wrap">
            {LEADS_TO[link.kind]}: <Anchor href={link.url} target="_blank" rel="noreferrer" inherit>{link.url}</Anchor>
          </Text>
        ))}
      </Stack>
    </Section>
  );
}
