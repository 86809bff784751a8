// What keeps coming back, those first whose permanent fix would save most hours.
import { Badge, Box, Button, Group, List, NumberFormatter, Paper, Stack, Text, Title, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import { api, got, type Schemas } from "../api/client";
import { Citation } from "../parts/citation";
import { Command } from "../parts/copy";
import { ProposedCauses } from "../parts/proposed-causes";
import { Empty, Failure, Waiting } from "../parts/states";
import { Ticked } from "../parts/ticked";
import { When } from "../parts/when";
import { spelt } from "../words";

type Family = Schemas["FamilyOut"];
const TREND = { rising: { words: "rising", color: "red" }, steady: { words: "steady", color: "gray" }, falling: { words: "falling", color: "teal" } } as const;

export function Recurrences() {
  const found = useQuery({ queryKey: ["recurrences"], queryFn: () => got(api.GET("/api/v1/recurrences")) });
  return (
    <Stack gap="md">
      <Title order={1} size="h2">Recurrences</Title>
      <Text c="dimmed" size="sm" maw={720}>Incidents with the same cause, together. At the top stands what would save most hours if it were ended for good.</Text>
      {found.isPending && <Waiting height={140} />}
      {found.isError && <Failure error={found.error} again={() => void found.refetch()} />}
      {found.data?.families.length === 0 && <Empty title="Nothing has come back yet">Among {found.data.incidents} incidents no two share a cause. Resolved incidents with a cause label are found most surely.</Empty>}
      {found.data && found.data.families.length > 0 && <Whole families={found.data.families} />}
      <ProposedCauses />
      {found.data?.families.map((family, n) => <FamilyCard key={family.id} family={family} place={n + 1} />)}
    </Stack>
  );
}

function Whole({ families }: { families: readonly Family[] }) {
  const lost = families.reduce((sum, one) => sum + one.lost.hours, 0);
  const open = families.filter((one) => !one.action).length;
  return (
    <Text size="sm">
      <b>{families.length} causes</b> came back and took <b><NumberFormatter value={lost} decimalScale={1} thousandSeparator=" " /> h</b> so far; {open === 0 ? "each has a permanent action on record." : `${open} of them have no permanent action on record.`}
    </Text>
  );
}

function FamilyCard({ family, place }: { family: Family; place: number }) {
  const trend = family.trend.direction ? TREND[family.trend.direction] : null;
  return (
    <Paper withBorder p="md" component="article" aria-label={family.title}>
      <Stack gap="xs">
        <Group justify="space-between" align="flex-start" wrap="nowrap">
          <Box miw={0}>
            <Title order={2} size="h4" className="onrecall-wrap">{place}. {family.title.includes(" ") ? family.title : spelt(family.title)}</Title>
            <Group gap={6} mt={4}>
              <Badge variant="light">{family.count} times</Badge>
              {trend && <Tooltip label={family.trend.reason}><Badge color={trend.color} variant="light" tabIndex={0}>{trend.words}</Badge></Tooltip>}
              {family.services.map((service) => <Badge key={service.name} variant="default" tt="none">{service.name} {service.count > 1 && `× ${service.count}`}</Badge>)}
            </Group>
          </Box>
          <Stack gap={0} align="flex-end" flex="none">
            <Text fw={700} fz="xl"><NumberFormatter value={family.lost.hours} decimalScale={1} thousandSeparator=" " /> h</Text>
            <Text size="xs" c="dimmed">lost, {family.lost.of} of {family.count} timed</Text>
          </Stack>
        </Group>
        <Group gap="lg" align="flex-end">
          <Months months={family.months} />
          <Text size="sm">A permanent fix would have saved <b>{family.saving.hours_per_month.toFixed(1)} h a month</b> in the last {family.saving.days} days.</Text>
        </Group>
        <Text size="sm" c="dimmed" component="div">First <When at={family.first_seen} />, last <When at={family.last_seen} />. <Ticked text={family.why} /></Text>
        {family.fix && (
          <Stack gap={4}>
            <Text size="sm"><b>The same fix {family.fix.worked} times</b> (of {family.fix.of} that say what was done): {family.fix.text} · <Citation citation={family.fix.citation} /></Text>
            {family.fix.command && <Command text={family.fix.command} />}
          </Stack>
        )}
        <Action family={family} />
        <Members ids={family.incidents} />
      </Stack>
    </Paper>
  );
}

const FEW = 8;

function Members({ ids }: { ids: readonly string[] }) {
  const [all, { toggle }] = useDisclosure(false);
  return (
    <Group gap="xs">
      <Text size="sm" className="onrecall-wrap">
        Members: {(all ? ids : ids.slice(0, FEW)).map((id, n) => <span key={id}>{n > 0 && ", "}<Link to={`/incidents/${encodeURIComponent(id)}`}>{id}</Link></span>)}
      </Text>
      {ids.length > FEW && <Button size="compact-sm" variant="subtle" onClick={toggle} aria-expanded={all}>{all ? "Fewer" : `All ${ids.length}`}</Button>}
    </Group>
  );
}

function Action({ family }: { family: Family }) {
  if (!family.action) return <Text size="sm" c="orange">No permanent action is on record.</Text>;
  return (
    <List size="sm">
      <List.Item>Last permanent action ({family.action.state}): {family.action.text} · <Citation citation={family.action.citation} /></List.Item>
    </List>
  );
}

const BAR = { width: 10, gap: 3, height: 34 };

/** How many began in each month, as bars. */
function Months({ months }: { months: Family["months"] }) {
  const most = Math.max(1, ...months.map((one) => one.count));
  const told = months.map((one) => `${one.month}: ${one.count}`).join(", ");
  return (
    <svg role="img" aria-label={`by month: ${told}`} width={months.length * (BAR.width + BAR.gap)} height={BAR.height}>
      <title>{told}</title>
      {months.map((one, n) => {
        const tall = Math.max(one.count ? 4 : 1, (one.count / most) * BAR.height);
        return <rect key={one.month} x={n * (BAR.width + BAR.gap)} y={BAR.height - tall} width={BAR.width} height={tall} rx={2} fill="var(--mantine-primary-color-filled)" opacity={one.count ? 1 : 0.25} />;
      })}
    </svg>
  );
}
