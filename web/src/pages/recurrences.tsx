// What keeps coming back, those first whose permanent fix would save most hours.
import { Anchor, Badge, Box, Button, Group, List, Paper, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import { dayOf } from "../action-items";
import { api, dataOf, type Schemas } from "../api/client";
import { hasFailed } from "../failures";
import { Citation } from "../parts/citation";
import { Command } from "../parts/copy";
import { CreateIssue } from "../parts/create-issue";
import { Later } from "../parts/later";
import { Months } from "../parts/months";
import { ProposedCauses } from "../parts/proposed-causes";
import { ServiceLink } from "../parts/service-link";
import { Empty, PartFailed, QueryState } from "../parts/states";
import { InlineCode } from "../parts/inline-code";
import { TimeAgo } from "../parts/time-ago";
import type { Issue } from "../issue-link";
import { countText, familyName, hours } from "../format";

type Family = Schemas["FamilyOut"];
const TREND = { rising: { words: "rising", color: "red" }, steady: { words: "steady", color: "gray" }, falling: { words: "falling", color: "teal" } } as const;

export function Recurrences() {
  const recurrences = useQuery({ queryKey: ["recurrences"], queryFn: () => dataOf(api.GET("/api/v1/recurrences")) });
  const actions = useQuery({ queryKey: ["incidents", "actions", "counts"], queryFn: () => dataOf(api.GET("/api/v1/actions", { params: { query: { limit: 1 } } })) });
  const form = actions.data?.issue_form ?? null;
  return (
    <Stack gap="md">
      <Title order={1} size="h2">Recurrences</Title>
      <Text c="dimmed" size="sm" maw={720}>Incidents with the same cause, ranked by the hours that a permanent fix would save.</Text>
      <OpenActions counts={actions.data} />
      {hasFailed(actions) && <PartFailed what="The action items" again={() => void actions.refetch()} />}
      <QueryState query={recurrences} height={140} />
      {recurrences.data?.families.length === 0 && <Empty title="Nothing has come back yet">{recurrences.data.incidents === 0 ? "No incident is on record yet." : `Among ${countText(recurrences.data.incidents, "incident")}, no two share a cause.`} Resolved incidents with a cause label are recognized most reliably.</Empty>}
      {recurrences.data && recurrences.data.families.length > 0 && <Whole families={recurrences.data.families} />}
      <ProposedCauses />
      {recurrences.data && <Families families={recurrences.data.families} form={form} />}
    </Stack>
  );
}

const FIRST = 2; // cards that a phone shows at first

function Families({ families, form }: { families: readonly Family[]; form: string | null }) {
  const cards = families.map((family, n) => <FamilyCard key={family.id} family={family} place={n + 1} form={form} />);
  return <>{cards.slice(0, FIRST)}{cards.length > FIRST && <Later>{cards.slice(FIRST)}</Later>}</>;
}

function Whole({ families }: { families: readonly Family[] }) {
  const lost = families.reduce((sum, family) => sum + family.lost.hours, 0);
  const open = families.filter((family) => !family.action && !family.tracked?.length).length;
  return (
    <Text size="sm">
      <b>{countText(families.length, "cause")}</b> came back and cost <b>{hours(lost)}</b> so far; {open === 0 ? "each has a permanent action on record." : open === families.length ? "no permanent action is on record." : `${open} of them ${open === 1 ? "has" : "have"} no permanent action on record.`}
    </Text>
  );
}

function FamilyCard({ family, place, form }: { family: Family; place: number; form: string | null }) {
  const trend = family.trend.direction ? TREND[family.trend.direction] : null;
  return (
    <Paper withBorder p="md" component="article" aria-label={family.title}>
      <Stack gap="xs">
        <Group justify="space-between" align="flex-start" wrap="nowrap">
          <Box miw={0}>
            <Title order={2} size="h4" className="onrecall-wrap">{place}. {familyName(family.title)}</Title>
            <Group gap={6} mt={4}>
              <Badge variant="light">{countText(family.count, "time")}</Badge>
              {trend && <Badge color={trend.color} variant="light">{trend.words}</Badge>}
              {family.services.map((service) => <Text key={service.name} size="sm" component="span"><ServiceLink name={service.name} />{service.count > 1 && ` × ${service.count}`}</Text>)}
            </Group>
          </Box>
          <Stack gap={0} align="flex-end" flex="none">
            <Text fw={700} fz="xl">{hours(family.saving.hours_per_month)}</Text>
            <Text size="xs" c="dimmed">a month to save</Text>
          </Stack>
        </Group>
        <Group gap="lg" align="flex-end">
          <Months months={family.months} />
          <Text size="sm">It cost <b>{hours(family.lost.hours)}</b> in all ({family.lost.of} of {family.count} timed); a permanent fix would have saved {hours(family.saving.hours_per_month)} a month in the last {family.saving.days} days.</Text>
        </Group>
        <Text size="sm" c="dimmed" component="div">First <TimeAgo at={family.first_seen} />, last <TimeAgo at={family.last_seen} />{family.trend.direction && `; ${family.trend.reason}`}. <InlineCode text={family.why} /></Text>
        {family.fix && (
          <Stack gap={4}>
            <Text size="sm"><b>The same fix {countText(family.fix.worked, "time")}</b> (of {family.fix.of} that {family.fix.of === 1 ? "says" : "say"} what was done): {family.fix.text} · <Citation citation={family.fix.citation} /></Text>
            {family.fix.command && <Command text={family.fix.command} />}
          </Stack>
        )}
        <Action family={family} form={form} />
        <Members ids={family.incidents} />
      </Stack>
    </Paper>
  );
}

/** An issue to end a cause for good, with what it cost. */
function issueToEnd(family: Family): Issue {
  const cost = `It happened ${countText(family.count, "time")} and cost ${hours(family.lost.hours)}; a permanent fix would have saved ${hours(family.saving.hours_per_month)} a month in the last ${family.saving.days} days.`;
  return { title: `Fix for good: ${familyName(family.title)}`, body: [cost, "", `Incidents: ${family.incidents.join(", ")}`, `Services: ${family.services.map((service) => service.name).join(", ") || "none named"}`, `${location.origin}/recurrences`].join("\n") };
}

const FEW = 8;

function Members({ ids }: { ids: readonly string[] }) {
  const [all, { toggle }] = useDisclosure(false);
  return (
    <Group gap="xs">
      <Text size="sm" className="onrecall-wrap">
        Members: {(all ? ids : ids.slice(0, FEW)).map((id, n) => <span key={id}>{n > 0 && ", "}<Link className="onrecall-id" to={`/incidents/${encodeURIComponent(id)}`}>{id}</Link></span>)}
      </Text>
      {ids.length > FEW && <Button size="compact-sm" variant="subtle" onClick={toggle} aria-expanded={all}>{all ? "Fewer" : `All ${ids.length}`}</Button>}
    </Group>
  );
}

function Action({ family, form }: { family: Family; form: string | null }) {
  const tracked = family.tracked ?? [];
  if (!family.action && tracked.length === 0) return <Text size="sm" c="orange" component="div">No permanent action is on record. <CreateIssue issue={issueToEnd(family)} form={form} /></Text>;
  return (
    <List size="sm" className="onrecall-wrap">
      {family.action && <List.Item>Last permanent action ({family.action.state}): <InlineCode text={family.action.text} /> · <Citation citation={family.action.citation} /></List.Item>}
      {tracked.map((action) => (
        <List.Item key={`${action.incident} ${action.number}`}>
          Action item ({[action.state, action.owner, action.state === "open" && action.due && `due ${dayOf(action.due)}`].filter(Boolean).join(", ")}): <InlineCode text={action.text} /> · <Link to={`/incidents/${encodeURIComponent(action.incident)}`}>{action.incident}</Link>
        </List.Item>
      ))}
    </List>
  );
}

/** How many action items wait, and the way to them. */
function OpenActions({ counts }: { counts: Pick<Schemas["ActionPage"], "open" | "overdue"> | undefined }) {
  if (!counts) return <Text size="sm"><Anchor component={Link} to="/actions" inherit>Action items</Anchor></Text>;
  return (
    <Text size="sm">
      <Anchor component={Link} to="/actions" inherit>{counts.open === 0 ? "Action items" : `${countText(counts.open, "open action item")}`}</Anchor>
      {counts.overdue > 0 && <>, <Anchor component={Link} to="/actions?show=overdue" inherit c="red" fw={700}>{counts.overdue} overdue</Anchor></>}
    </Text>
  );
}
