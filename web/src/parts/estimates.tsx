// Figures with their interval and the number of cases they rest on: never one without the others.
import { Group, Paper, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { countText, rangeText } from "../format";
import type { Schemas } from "../api/client";

export type Estimate = Schemas["EstimateOut"];

export const percent = (share: number | null | undefined): string => (share === null || share === undefined ? "–" : `${Math.round(share * 100)} %`);

/** The interval of a figure, "73–95 %", where it has one. */
export const intervalText = ({ low, high }: Pick<Estimate, "low" | "high">): string | null => (low == null || high == null ? null : rangeText(low, high));

/** The figure and its interval, "88 % (73–95 %)". */
export function valueText(figure: Estimate): string {
  const around = intervalText(figure);
  return `${percent(figure.value)}${around ? ` (${around})` : ""}`;
}

/** "88 % (73–95 %), 34 cases", or that it is not measured. */
export function estimateText(figure: Estimate): string {
  if (figure.value === null || figure.value === undefined) return figure.n ? `not measured, ${countText(figure.n, "case")}` : "not measured yet";
  return `${valueText(figure)}, ${countText(figure.n, "case")}`;
}

const FEW = 5; // cases: below, a share would look more certain than it is

/** A share large; of a few cases, how many there were. */
const headline = ({ value, n }: Estimate): string => (value == null ? "not measured yet" : n < FEW ? `${Math.round(value * n)} of ${n}` : percent(value));

/** One figure large, its interval and cases small, and what it means in a sentence. */
export function Figure({ name, figure, children }: { name: string; figure: Estimate; children: ReactNode }) {
  const known = figure.value !== null && figure.value !== undefined;
  const around = intervalText(figure);
  return (
    <Paper withBorder p="md" flex="1 1 15rem">
      <Stack gap={2}>
        <Text size="sm" fw={600}>{name}</Text>
        <Group gap="xs" align="baseline">
          <Text fz={known ? 30 : 18} fw={700} lh={1.2} {...(known ? {} : { c: "dimmed" })}>{headline(figure)}</Text>
          {known && around && <Text size="sm" c="dimmed">{figure.n < FEW ? `too few to say (${around})` : around}</Text>}
          {(!known || figure.n >= FEW) && <Text size="sm" c="dimmed">{countText(figure.n, "case")}</Text>}
        </Group>
        <Text size="sm" c="dimmed">{children}</Text>
      </Stack>
    </Paper>
  );
}
