// The head of an incident's page: what broke, since when, who is on it, what changed before, and where else to look.
import { ActionIcon, Badge, Group, Stack, Text, Title, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPencil } from "@tabler/icons-react";
import { type ReactNode, type RefObject, Suspense, useEffect, useRef } from "react";
import { Link } from "react-router";

import { mayChange, useMe } from "../current-user";
import { age, capitalized, changed, countText, hour, type IncidentSeen, moment, SEVERITY } from "../format";
import { lazily } from "../lazily";
import { useNarrow, useNow } from "../live-updates";
import { AlertLinks } from "./alert-links";
import { Id } from "./copy";
import { InlineCode } from "./inline-code";
import { Assignee } from "./people";
import { ServiceLink } from "./service-link";
import { Shortened } from "./shortened";
import { Waiting } from "./states";
import { Unmerge, useAlerts } from "./storm";
import { TimeAgo } from "./time-ago";
import { useTimeline } from "./timeline";

const EditIncident = lazily(() => import("./edit-incident").then((part) => part.EditIncident));

export function IncidentHead({ incident }: { incident: IncidentSeen }) {
  const [editing, edit] = useDisclosure(false);
  const button = useFocusAfter(editing);
  const narrow = useNarrow();
  if (editing) return <Suspense fallback={<Waiting rows={1} height={220} />}><EditIncident incident={incident} close={edit.close} /></Suspense>;
  const [change] = incident.changes ?? [];
  return (
    <Stack gap={4}>
      <Heading title={incident.title} />
      <div className="onrecall-headline">
        <Facts incident={incident} />
        {!incident.service && (incident.alert_count ?? 0) > 1 && <Affected id={incident.id} />}
        <Group gap={6}>
          {(incident.status !== "resolved" || incident.assignee) && <Assignee incident={incident} />}
          {incident.status === "acknowledged" && <Acknowledged id={incident.id} at={incident.acknowledged_at} />}
          <Id value={incident.id} />
          {incident.source === "example" && <Badge variant="light" color="grape" tt="none" visibleFrom="sm">example</Badge>}
          <EditButton open={edit.open} button={button} />
          {narrow && <AlertLinks links={incident.alert_links} />}
        </Group>
      </div>
      {(incident.tags ?? []).length > 0 && <Group gap={6} role="list" aria-label="tags" className="onrecall-links">{incident.tags?.map((tag) => <Badge key={tag} role="listitem" variant="default" tt="none" flex="none">{tag}</Badge>)}</Group>}
      {incident.status !== "resolved" && change && <Shortened text={capitalized(changed(change))} lines={narrow ? 1 : 2} />}
      {!narrow && <AlertLinks links={incident.alert_links} />}
      <Links incident={incident} />
    </Stack>
  );
}

/** Severity, status, service, and how long it has lasted. */
function Facts({ incident }: { incident: IncidentSeen }) {
  const now = useNow();
  const { severity, status, service, started_at: started, resolved_at: resolved } = incident;
  const alerts = incident.alert_count ?? 0;
  return (
    <Group gap={6}>
      {severity !== "unknown" && <Badge color={SEVERITY[severity]} variant="light">{severity}</Badge>}
      {status === "resolved" && <Badge variant="filled" color="teal.9" autoContrast>{status}</Badge>}
      {service && <Text size="sm" component="span" className="onrecall-fit" title={service}><ServiceLink name={service} /></Text>}
      <Text size="sm" c="dimmed" title={moment(started)}>
        {resolved ? `took ${age(started, Date.parse(resolved))}, from ${hour(started)}` : `for ${age(started, now)}, since ${hour(started)}`}{alerts > 1 && ` · ${countText(alerts, "alert")}`}
      </Text>
    </Group>
  );
}

const FEW = 4;

/** The services that the alerts name, where the incident itself has none. */
function Affected({ id }: { id: string }) {
  const alerts = useAlerts(id);
  const services = [...new Set((alerts.data?.items ?? []).flatMap((alert) => alert.service ?? []))];
  if (services.length === 0) return null;
  return (
    <Text size="sm" component="div" className="onrecall-wrap">
      Affects {services.slice(0, FEW).map((name, n) => <span key={name}>{n > 0 && ", "}<ServiceLink name={name} /></span>)}{services.length > FEW && ` and ${services.length - FEW} more`}
    </Text>
  );
}

const Links = ({ incident }: { incident: IncidentSeen }): ReactNode => incident.links.map((link) => (
  <Text key={`${link.kind}${link.incident}`} size="sm">
    {link.kind === "merged" ? "merged into" : `${link.kind} of`} <Link to={`/incidents/${encodeURIComponent(link.incident)}`}>{link.incident}</Link>
    {link.kind === "merged" && <Unmerge id={incident.id} from={link.incident} />}
  </Text>
));

/** The button that the keyboard is on again once what it opened is closed. */
function useFocusAfter(opened: boolean): RefObject<HTMLButtonElement | null> {
  const button = useRef<HTMLButtonElement>(null);
  const before = useRef(opened);
  useEffect(() => {
    if (before.current && !opened) button.current?.focus();
    before.current = opened;
  }, [opened]);
  return button;
}

function EditButton({ open, button }: { open: () => void; button: RefObject<HTMLButtonElement | null> }) {
  if (!mayChange(useMe().data?.role)) return null;
  return (
    <Tooltip label="Edit title, service, severity, tags and labels">
      <ActionIcon ref={button} variant="subtle" size="md" onClick={open} aria-label="edit title, service, severity, tags and labels"><IconPencil size={16} aria-hidden /></ActionIcon>
    </Tooltip>
  );
}

/** Who acknowledged it last, and when; a sender's acknowledgement names the sender. */
function Acknowledged({ id, at }: { id: string; at: string | null }) {
  const last = useTimeline(id).data?.items.filter((event) => event.type === "acknowledged").at(-1);
  const when = last?.at ?? at;
  const by = last?.by ?? (typeof last?.detail["source"] === "string" ? last.detail["source"] : null);
  return <Badge variant="default" tt="none" maw="100%">acknowledged{by && ` by ${by}`}{when && <> <TimeAgo at={when} /></>}</Badge>;
}

/** The title; a long one is cut, on a phone sooner, and told whole when it is touched. */
function Heading({ title }: { title: string }) {
  const [whole, { toggle }] = useDisclosure(false);
  const narrow = useNarrow();
  return (
    <Title order={1} size={narrow ? "h5" : "h3"} className="onrecall-wrap" title={title} onClick={toggle} {...(whole ? {} : { lineClamp: narrow ? 4 : 3 })}><InlineCode text={title} /></Title>
  );
}
