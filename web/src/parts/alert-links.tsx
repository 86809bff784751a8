// Where the senders of alerts say that people can look: runbook, dashboard, rule, each one touch away.
import { Button, Group } from "@mantine/core";
import { IconBook2, IconBellOff, IconChartLine, IconExternalLink, IconRuler2 } from "@tabler/icons-react";

import { isAddress } from "../address";
import type { Schemas } from "../api/client";

const LEADS_TO: Readonly<Record<Schemas["AlertLinkOut"]["kind"], { name: string; Icon: typeof IconBook2 }>> = {
  runbook: { name: "Runbook", Icon: IconBook2 },
  dashboard: { name: "Dashboard", Icon: IconChartLine },
  generator: { name: "Alert rule", Icon: IconRuler2 },
  silence: { name: "Silence", Icon: IconBellOff },
  source: { name: "Source", Icon: IconExternalLink },
};

/** Only what a browser opens as a page is a link. */
export function AlertLinks({ links = [] }: { links?: readonly Schemas["AlertLinkOut"][] | undefined }) {
  const safe = links.filter((link) => isAddress(link.url));
  if (safe.length === 0) return null;
  const several = (kind: string) => safe.filter((link) => link.kind === kind).length > 1;
  return (
    <Group gap={6} component="nav" aria-label="links of its alerts" className="onrecall-links">
      {safe.map(({ url, kind }) => {
        const { name, Icon } = LEADS_TO[kind];
        return (
          <Button key={url} component="a" href={url} target="_blank" rel="noreferrer" size="compact-sm" variant="default" title={url} flex="none" leftSection={<Icon size={14} aria-hidden />}>
            {name}{several(kind) && `, ${new URL(url).hostname}`}
          </Button>
        );
      })}
    </Group>
  );
}
