// Rates one under the other: the point is what was measured, the bar is its 95 % interval.
import { Box, Group, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

import type { Schemas } from "../api/client";
import { countText } from "../format";
import { type Estimate, estimateText } from "./estimates";

const at = (share: number): string => `${(100 * share).toFixed(1)}%`;

interface IntervalsProps {
  rows: readonly Schemas["PartOut"][];
  what: string;
  /** How a row's name is shown; by default as it is. */
  named?: (name: string) => ReactNode;
}

export function Intervals({ rows, what, named }: IntervalsProps) {
  return (
    <Stack gap={6} role="list" aria-label={what}>
      {rows.map((row) => (
        <div key={row.name} role="listitem">
          <Group justify="space-between" gap="xs">
            <Text size="sm" className="onrecall-wrap">{named ? named(row.name) : row.name}</Text>
            <Text size="sm" c="dimmed">{words(row.right)}</Text>
          </Group>
          <Bar figure={row.right} />
        </div>
      ))}
    </Stack>
  );
}

function words(figure: Estimate): string {
  return figure.value == null ? `too few to tell, ${countText(figure.n, "case")}` : estimateText(figure);
}

export function Bar({ figure }: { figure: Pick<Estimate, "value" | "low" | "high"> }) {
  const { value, low, high } = figure;
  return (
    <Box className="onrecall-interval" aria-hidden>
      {low != null && high != null && <Box className="onrecall-interval-bar" style={{ left: at(low), right: at(1 - high) }} />}
      {value != null && <Box className="onrecall-interval-point" style={{ left: at(value) }} />}
    </Box>
  );
}
