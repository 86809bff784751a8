// Where the senders of alerts say that people can look: runbook, dashboard, rule, each one touch away.
import { Button, Group } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBook2, IconBellOff, IconChartLine, IconExternalLink, IconRuler2 } from "@tabler/icons-react";

import { distinctName, isAddress } from "../address";
import { countText } from "../format";
import { useNarrow } from "../live-updates";
import type { Schemas } from "../api/client";

const LEADS_TO: Readonly<Record<Schemas["AlertLinkOut"]["kind"], { name: string; Icon: typeof IconBook2 }>> = {
  runbook: { name: "Runbook", Icon: IconBook2 },
  dashboard: { name: "Dashboard", Icon: IconChartLine },
  generator: { name: "Alert rule", Icon: IconRuler2 },
  silence: { name: "Silence", Icon: IconBellOff },
  source: { name: "Source", Icon: IconExternalLink },
};

const FEW = 1; // on a phone, where the answer matters more

/** Only what a browser opens as a page is a link. */
export function AlertLinks({ links = [] }: { links?: readonly Schemas["AlertLinkOut"][] | undefined }) {
  const narrow = useNarrow();
  const [all, { open: showAll }] = useDisclosure(false);
  const safe = links.filter((link) => isAddress(link.url));
  if (safe.length === 0) return null;
  const several = (kind: string) => safe.filter((link) => link.kind === kind).length > 1;
  const shown = narrow && !all ? safe.slice(0, FEW) : safe;
  return (
    <Group gap={6} component="nav" aria-label="links of its alerts" className={narrow ? "onrecall-inline" : "onrecall-links"}>
      {shown.map(({ url, kind }) => {
        const { name, Icon } = LEADS_TO[kind];
        return (
          <Button key={url} component="a" href={url} target="_blank" rel="noreferrer" size="compact-sm" variant="default" title={url} maw="100%" leftSection={<Icon size={14} aria-hidden />}>
            <span className="onrecall-ellipsis">{several(kind) ? `${name}: ${distinctName(url, safe.map((link) => link.url))}` : name}</span>
          </Button>
        );
      })}
      {shown.length < safe.length && <Button size="compact-sm" variant="subtle" px={6} onClick={showAll} aria-label={countText(safe.length - shown.length, "more link")}>+{safe.length - shown.length}</Button>}
    </Group>
  );
}
