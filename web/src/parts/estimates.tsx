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
function valueText(figure: Estimate): string {
  const around = intervalText(figure);
  return `${percent(figure.value)}${around ? ` (${around})` : ""}`;
}

/** What stands in place of a figure that rests on too few cases: "1 of 1". */
export const fewText = (figure: Estimate): string => `${Math.round((figure.value ?? 0) * figure.n)} of ${figure.n}`;

/** "88 % (73–95 %), 34 cases", or that it is not measured, or on too few. */
export function estimateText(figure: Estimate): string {
  if (figure.value === null || figure.value === undefined) return figure.n ? `not measured, ${countText(figure.n, "case")}` : "not measured yet";
  if (figure.too_few) return `too few to tell: ${fewText(figure)} (${intervalText(figure)})`;
  return `${valueText(figure)}, ${countText(figure.n, "case")}`;
}

/** One figure large, its interval and cases small, and what it means in a sentence. */
export function Figure({ name, figure, children }: { name: string; figure: Estimate; children: ReactNode }) {
  const measured = figure.value !== null && figure.value !== undefined;
  const known = measured && !figure.too_few;
  const around = intervalText(figure);
  return (
    <Paper withBorder p="md" flex="1 1 15rem">
      <Stack gap={2}>
        <Text size="sm" fw={600}>{name}</Text>
        <Group gap="xs" align="baseline">
          <Text fz={known ? 30 : 18} fw={700} lh={1.2} {...(known ? {} : { c: "dimmed" })}>{known ? percent(figure.value) : measured ? "too few to tell" : "not measured yet"}</Text>
          {measured && around && <Text size="sm" c="dimmed">{around}</Text>}
          <Text size="sm" c="dimmed">{measured && !known ? fewText(figure) : countText(figure.n, "case")}</Text>
        </Group>
        <Text size="sm" c="dimmed">{children}</Text>
      </Stack>
    </Paper>
  );
}
