// Which incidents Now lists, in which order, and how densely; all but the density is part of the address.
import { ActionIcon, Button, Collapse, Group, NativeSelect, Stack, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBaselineDensityMedium, IconBaselineDensitySmall } from "@tabler/icons-react";
import { useSearchParams } from "react-router";

import { addressNow } from "../address-echo";
import { useDensity } from "../density";
import { SEVERITY } from "../format";
import { COLUMNS, orderOf, pressed } from "../incident-order";
import { useCards } from "../live-updates";
import { orderIn, STATUSES } from "../now-query";
import { AddressField } from "./address-field";

const SEVERITIES = [{ value: "", label: "any severity" }, ...Object.keys(SEVERITY)];
export const FILTERS = ["status", "severity", "service", "q"];

/** The address with these parts; null takes one out. */
function withParams(old: URLSearchParams, parts: Readonly<Record<string, string | null>>): URLSearchParams {
  const next = new URLSearchParams(old);
  for (const [name, value] of Object.entries(parts)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  return next;
}

export function Filters() {
  const [params, setParams] = useSearchParams();
  const narrow = useCards();
  const active = FILTERS.filter((name) => params.has(name)).length;
  const [opened, { toggle }] = useDisclosure(active > 0);
  const set = (name: string, value: string | null) => setParams(withParams(addressNow(), { [name]: value }), { replace: true });
  const fields = (
    <Group gap="xs" align="flex-end" grow={narrow} preventGrowOverflow={false}>
      <NativeSelect aria-label="status" data={[...STATUSES]} value={params.get("status") ?? "unresolved"} w={narrow ? undefined : 150}
        onChange={({ currentTarget: { value } }) => set("status", value === "unresolved" ? null : value)} />
      <NativeSelect aria-label="severity" data={SEVERITIES} value={params.get("severity") ?? ""} w={narrow ? undefined : 140}
        onChange={(event) => set("severity", event.currentTarget.value || null)} />
      <AddressField aria-label="service" placeholder="any service" value={params.get("service") ?? ""} write={(text) => set("service", text)} w={narrow ? undefined : 150} />
      <AddressField aria-label="words" placeholder="words in title or text" value={params.get("q") ?? ""} write={(text) => set("q", text)} flex="1 1 10rem" />
    </Group>
  );
  if (!narrow) return <Group gap="xs" wrap="nowrap" align="flex-end"><div className="onrecall-grow">{fields}</div><GroupButton wide /><DensityButton /></Group>;
  return (
    <Stack gap="xs">
      <Group gap="xs">
        <Button variant="default" size="xs" flex="none" onClick={toggle} aria-expanded={opened}>
          {active ? `Filters (${active})` : "Filters"}
        </Button>
        <SortSelect />
        <GroupButton />
        <DensityButton />
      </Group>
      <Collapse expanded={opened}>{fields}</Collapse>
    </Stack>
  );
}

/** A column's head on a wide screen: pressed, the list is in its order. */
export function Heads() {
  const [params, setParams] = useSearchParams();
  const now = orderIn(params);
  return (
    <div className="onrecall-heads" role="group" aria-label="order">
      {COLUMNS.map((column) => {
        const active = now.sort === column.sort;
        const words = column.words[active ? now.order : column.first];
        return (
          <UnstyledButton key={column.sort} className="onrecall-head" data-column={column.sort} aria-pressed={active} aria-label={`sort by ${column.name.toLowerCase()}, ${active ? `now ${words}` : words}`} title={words}
            onClick={() => setParams((old) => withParams(old, { ...pressed(column, now), group: null }), { replace: true })}>
            {column.name}{active && <span aria-hidden> {now.order === "asc" ? "↑" : "↓"}</span>}
          </UnstyledButton>
        );
      })}
    </div>
  );
}

/** The same on a phone. */
function SortSelect() {
  const [params, setParams] = useSearchParams();
  const now = orderOf(params);
  const choices = COLUMNS.flatMap((column) => (["desc", "asc"] as const).map((order) => ({ value: `${column.sort} ${order}`, label: column.short[order] })));
  const choose = (value: string) => {
    const [sort = null, order = null] = value.split(" ");
    setParams((old) => withParams(old, { sort, order, group: null }), { replace: true });
  };
  return <NativeSelect aria-label="order" size="xs" data={choices} value={params.has("group") ? "service asc" : `${now.sort} ${now.order}`} onChange={(event) => choose(event.currentTarget.value)} flex="1 1 8rem" miw={0} />;
}

function GroupButton({ wide = false }: { wide?: boolean }) {
  const [params, setParams] = useSearchParams();
  const on = params.has("group");
  return <Button flex="none" variant={on ? "light" : "default"} size={wide ? "sm" : "xs"} aria-pressed={on} aria-label="group by service" onClick={() => setParams((old) => withParams(old, { group: on ? null : "service" }), { replace: true })}>{wide ? "Group by service" : "Group"}</Button>;
}

/** Switches between rows with all their lines and rows with the first ones. */
function DensityButton() {
  const narrow = useCards();
  const [density, toggle] = useDensity();
  const compact = density === "compact";
  const Icon = compact ? IconBaselineDensityMedium : IconBaselineDensitySmall;
  return <ActionIcon variant="default" size={narrow ? 30 : 36} flex="none" aria-pressed={compact} aria-label="compact rows" title={compact ? "comfortable rows" : "compact rows"} onClick={toggle}><Icon size={16} aria-hidden /></ActionIcon>;
}
