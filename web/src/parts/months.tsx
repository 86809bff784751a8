// How many incidents began in each month, as bars with the first and the last month named.
import { Group, Text } from "@mantine/core";

import type { Schemas } from "../api/client";
import { monthName } from "../format";

const BAR = { width: 10, gap: 3, height: 34 };
const MOST_BARS = 24;

export function Months({ months }: { months: readonly Schemas["MonthOut"][] }) {
  const shown = months.slice(-MOST_BARS);
  const most = Math.max(1, ...shown.map((month) => month.count));
  const values = shown.map((month) => `${monthName(month.month)}: ${month.count}`).join(", ");
  const [first, last] = [shown[0], shown.at(-1)];
  if (!first || !last) return null;
  return (
    <div className="onrecall-months">
      <svg role="img" aria-label={`incidents by month: ${values}`} width={shown.length * (BAR.width + BAR.gap)} height={BAR.height}>
        <title>{values}</title>
        {shown.map((month, n) => {
          const tall = Math.max(month.count ? 4 : 1, (month.count / most) * BAR.height);
          return <rect key={month.month} x={n * (BAR.width + BAR.gap)} y={BAR.height - tall} width={BAR.width} height={tall} rx={2} fill="var(--mantine-primary-color-filled)" opacity={month.count ? 1 : 0.25} />;
        })}
      </svg>
      <Group justify="space-between" gap="xs" wrap="nowrap" aria-hidden>
        <Text size="xs" c="dimmed" truncate>{monthName(first.month)}</Text>
        {first !== last && <Text size="xs" c="dimmed" truncate>{monthName(last.month)}</Text>}
      </Group>
    </div>
  );
}
