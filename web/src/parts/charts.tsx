// The pictures of trust. Loaded only by the page that shows them.
import { useComputedColorScheme, useMantineTheme } from "@mantine/core";
import { CartesianGrid, ErrorBar, Line, LineChart, ReferenceLine, ResponsiveContainer, Scatter, ScatterChart, Tooltip, XAxis, YAxis } from "recharts";

import type { Schemas } from "../api/client";
import type { Estimate } from "./estimates";

const HEIGHT = 260;
const MARGIN = { top: 12, right: 16, bottom: 24, left: 4 };
const share = (value: number) => `${Math.round(value * 100)} %`;

function useInk() {
  const theme = useMantineTheme();
  const dark = useComputedColorScheme("light") === "dark";
  return { line: theme.colors.signal?.[dark ? 4 : 8] ?? "#1c7ed6", text: dark ? "#c9c9c9" : "#495057", grid: dark ? "#424242" : "#dee2e6" };
}

export function Reliability({ bins }: { bins: readonly Schemas["BinOut"][] }) {
  const ink = useInk();
  const points = bins.map((bin) => {
    const was = bin.right / bin.of;
    return { claimed: bin.claimed, was, around: [was - bin.low, bin.high - was], of: bin.of };
  });
  const axis = { type: "number" as const, domain: [0, 1], tickFormatter: share, tick: { fill: ink.text, fontSize: 12 }, stroke: ink.grid };
  return (
    <ResponsiveContainer width="100%" height={HEIGHT}>
      <ScatterChart margin={MARGIN} accessibilityLayer>
        <CartesianGrid stroke={ink.grid} strokeDasharray="3 3" />
        <XAxis {...axis} dataKey="claimed" name="claimed" label={{ value: "claimed", position: "insideBottom", offset: -12, fill: ink.text, fontSize: 13 }} />
        <YAxis {...axis} dataKey="was" name="was right" width={52} />
        <ReferenceLine segment={[{ x: 0, y: 0 }, { x: 1, y: 1 }]} stroke={ink.text} strokeDasharray="4 4" />
        <Tooltip formatter={(value, name) => [typeof value === "number" ? share(value) : String(value), name]} />
        <Scatter data={points} fill={ink.line} isAnimationActive={false}>
          <ErrorBar dataKey="around" direction="y" stroke={ink.line} isAnimationActive={false} />
        </Scatter>
      </ScatterChart>
    </ResponsiveContainer>
  );
}

export function RiskCoverage({ points }: { points: Schemas["CoveragePointOut"][] }) {
  const ink = useInk();
  const data = [...points].sort((point, other) => point.coverage - other.coverage);
  const axis = { type: "number" as const, domain: [0, 1], tickFormatter: share, tick: { fill: ink.text, fontSize: 12 }, stroke: ink.grid };
  return (
    <ResponsiveContainer width="100%" height={HEIGHT}>
      <LineChart data={data} margin={MARGIN} accessibilityLayer>
        <CartesianGrid stroke={ink.grid} strokeDasharray="3 3" />
        <XAxis {...axis} dataKey="coverage" name="answered" label={{ value: "answered", position: "insideBottom", offset: -12, fill: ink.text, fontSize: 13 }} />
        <YAxis {...axis} dataKey="risk" name="wrong" width={52} />
        <Tooltip formatter={(value) => [typeof value === "number" ? share(value) : String(value), "wrong"]} labelFormatter={(value) => `answered ${share(Number(value))}`} />
        <Line dataKey="risk" stroke={ink.line} strokeWidth={2} dot={{ r: 3 }} isAnimationActive={false} />
      </LineChart>
    </ResponsiveContainer>
  );
}

interface Learned {
  points: readonly { after: number | null; hit_at_1: Estimate }[];
  unit: string;
}

export function Learning({ learning }: { learning: Learned }) {
  const ink = useInk();
  const data = learning.points.flatMap((point) =>
    point.hit_at_1.value === null ? [] : [{ after: point.after ?? "all", right: point.hit_at_1.value, of: point.hit_at_1.n }],
  );
  const tick = { fill: ink.text, fontSize: 12 };
  return (
    <ResponsiveContainer width="100%" height={HEIGHT}>
      <LineChart data={data} margin={MARGIN} accessibilityLayer>
        <CartesianGrid stroke={ink.grid} strokeDasharray="3 3" />
        <XAxis dataKey="after" tick={tick} stroke={ink.grid} label={{ value: `${learning.unit} remembered`, position: "insideBottom", offset: -12, fill: ink.text, fontSize: 13 }} />
        <YAxis type="number" domain={[0, 1]} tickFormatter={share} tick={tick} stroke={ink.grid} width={52} />
        <Tooltip formatter={(value) => [typeof value === "number" ? share(value) : String(value), "the first was right"]} labelFormatter={(value) => `after ${String(value)}`} />
        <Line dataKey="right" stroke={ink.line} strokeWidth={2} dot={{ r: 3 }} isAnimationActive={false} />
      </LineChart>
    </ResponsiveContainer>
  );
}
