// The rows of Now: lines on a wide screen, cards on a phone; only those on the screen are drawn.
import { Badge, Group, Paper, Text } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { memo, useCallback, useMemo, useState } from "react";
import { Link, useNavigate } from "react-router";

import { useDensity } from "../density";
import { age, changed, confidenceText, countText, happened, type IncidentSummary, labelText, moment, SEVERITY, VERDICT } from "../format";
import { type Group as ServiceGroup, grouped, isGroup, loudness } from "../incident-order";
import { useCards, useTicking } from "../live-updates";
import { withoutMarks } from "../plain-text";
import { Heads } from "./now-filters";
import { ServiceLink } from "./service-link";
import { VirtualList } from "./virtual-list";

/** Heights before a row is drawn and measured: its text may be larger, or of letters that need more room. */
const WIDE = { comfortable: 86, compact: 58 };
const TALL = { comfortable: 132, compact: 96 };

const GROUP = 40;
const idOf = (row: ServiceGroup | IncidentSummary): string => (isGroup(row) ? `service ${row.service ?? ""}` : row.incident.id);

interface RowsProps {
  rows: IncidentSummary[];
  byService: boolean;
  more: (() => void) | undefined;
}

export function Rows({ rows, byService, more }: RowsProps) {
  const [chosen, choose] = useState<string | null>(null);
  const go = useNavigate();
  const narrow = useCards();
  const [density] = useDensity();
  const rowHeight = (narrow ? TALL : WIDE)[density];
  const heightOf = useCallback((row: ServiceGroup | IncidentSummary) => (isGroup(row) ? GROUP : rowHeight), [rowHeight]);
  const listed = useMemo(() => (byService ? grouped(rows) : rows), [byService, rows]);
  const at = rows.findIndex((row) => row.incident.id === chosen);
  const move = (by: number) => choose(rows[Math.min(Math.max(at + by, 0), rows.length - 1)]?.incident.id ?? null);
  useHotkeys([
    ["j", () => move(1)],
    ["k", () => move(-1)],
    ["Enter", () => { if (at >= 0 && chosen) void go(`/incidents/${encodeURIComponent(chosen)}`); }],
  ]);
  return (
    <div data-density={density}>
      {!narrow && <Heads />}
      <VirtualList label="incidents" rows={listed} estimate={heightOf} idOf={idOf} chosen={at < 0 ? at : listed.findIndex((row) => idOf(row) === chosen)} more={more}>
        {(row, selected) => isGroup(row) ? <GroupHead group={row} /> : (
          <div className="onrecall-row" {...(selected ? { "data-selected": true } : {})}>
            {narrow ? <Card row={row} /> : <Line row={row} />}
          </div>
        )}
      </VirtualList>
    </div>
  );
}

const GroupHead = ({ group }: { group: ServiceGroup }) => (
  <Group gap="xs" mih={GROUP - 6} align="flex-end">
    <Text fw={700} component="div">{group.service ? <ServiceLink name={group.service} /> : "No service named"}</Text>
    <Text size="sm" c="dimmed">{countText(group.count, "incident")}</Text>
  </Group>
);

const LOUD = { calm: { c: "dimmed" }, plain: {}, loud: { c: "orange", fw: 700 } } as const;

function Age({ incident: { started_at: at, status } }: { incident: IncidentSummary["incident"] }) {
  const words = useTicking((now) => age(at, now));
  const loud = useTicking((now) => (status === "resolved" ? "calm" : loudness(at, now)));
  return <Text size="sm" flex="none" {...LOUD[loud]} onPointerEnter={({ currentTarget }) => { currentTarget.title = moment(at); }}>{words}</Text>;
}

/** The link that the whole row is. */
const Whole = ({ incident }: { incident: IncidentSummary["incident"] }) => (
  <Link to={`/incidents/${encodeURIComponent(incident.id)}`} className="onrecall-whole onrecall-title" title={incident.title}>{withoutMarks(incident.title)}</Link>
);

interface RowProps {
  row: IncidentSummary;
}

const Status = ({ row }: { row: IncidentSummary }) => (
  <>
    {row.alerts > 1 && <Badge variant="default" size="sm" tt="none" flex="none">{row.alerts} alerts</Badge>}
    {row.incident.status !== "open" && <Badge variant="default" size="sm" tt="none" flex="none">{row.incident.status}</Badge>}
  </>
);

/** Its id, the last event and the last change before it. */
const detailsOf = ({ incident, last, change }: IncidentSummary, now: number): string =>
  [incident.id, last && `${happened(last.type)} ${age(last.at, now)} ago`, change && withoutMarks(changed(change))].filter(Boolean).join(" · ");

/** Those below the answer; on a phone also who is assigned, who has no column there. */
function Details({ row, assignee }: RowProps & { assignee?: string }) {
  const words = useTicking((now) => [assignee, detailsOf(row, now)].filter(Boolean).join(" · "));
  return <Text size="xs" c="dimmed" truncate className="onrecall-row-more">{words}</Text>;
}

/** Drawn anew only when it says something else: a list that scrolls draws itself sixty times a second. */
const Line = memo(function Line({ row }: RowProps) {
  const { incident } = row;
  return (
    <Paper withBorder px="sm" className="onrecall-card onrecall-columns">
      {incident.severity === "unknown" ? <Text size="sm" c="dimmed" title="no severity is known">–</Text> : <Badge color={SEVERITY[incident.severity]} variant="light" maw="100%">{incident.severity}</Badge>}
      <div>
        <Group gap={8} wrap="nowrap"><Whole incident={incident} /><Status row={row} /></Group>
        <AnswerSummary row={row} />
        <Details row={row} />
      </div>
      <Text size="sm" component="div" truncate>{incident.service ? <ServiceLink name={incident.service} /> : <Text span c="dimmed">–</Text>}</Text>
      <Text size="sm" truncate {...(incident.assignee ? {} : { c: "dimmed" })} title={incident.assignee ?? "nobody is assigned"}>{incident.assignee ?? "–"}</Text>
      <Age incident={incident} />
    </Paper>
  );
});

const Card = memo(function Card({ row }: RowProps) {
  const { incident } = row;
  return (
    <Paper withBorder px="sm" py={8} className="onrecall-card">
      <Group gap="xs" justify="space-between" wrap="nowrap">
        <Group gap={6} miw={0} flex="1 1 0">
          {incident.severity !== "unknown" && <Badge color={SEVERITY[incident.severity]} variant="light" flex="none">{incident.severity}</Badge>}
          {incident.severity === "unknown" && !incident.service && <Text size="sm" c="dimmed">no service named</Text>}
          {incident.service && <Text size="sm" component="div" truncate maw="100%"><ServiceLink name={incident.service} /></Text>}
          <Status row={row} />
        </Group>
        <Age incident={incident} />
      </Group>
      <Whole incident={incident} />
      <AnswerSummary row={row} />
      <Details row={row} {...(incident.assignee ? { assignee: incident.assignee } : {})} />
    </Paper>
  );
});

function AnswerSummary({ row: { answer } }: { row: IncidentSummary }) {
  if (!answer) return <Text size="xs" c="dimmed">searching for similar incidents…</Text>;
  return (
    <div className="onrecall-told">
      <Badge size="sm" color={VERDICT[answer.verdict].color} variant="light" flex="none">{VERDICT[answer.verdict].words}</Badge>
      <Text size="xs" fw={answer.confidence ? 600 : 400} {...(answer.confidence ? {} : { c: "dimmed" })} className="onrecall-told-trust">{confidenceText(answer)}</Text>
      {answer.cause && <Text size="xs" truncate className="onrecall-told-cause">{answer.cause_label ? labelText(answer.cause_label) : withoutMarks(answer.cause)}</Text>}
    </div>
  );
}
