// The pictures of trust: shares on both axes, drawn in percentages of their own size, so that they fit every screen without measuring it.
import type { ReactNode } from "react";

import type { Schemas } from "../api/client";
import { countText, rangeText } from "../format";
import { type Estimate, intervalText, percent } from "./estimates";

const TICKS = [0, 0.25, 0.5, 0.75, 1] as const;

/** A share of the whole, as an attribute of a picture: from the left, or with `up` from the bottom. */
const across = (share: number): string => `${(100 * share).toFixed(2)}%`;
const up = (share: number): string => across(1 - share);

interface PlotProps {
  /** What the picture shows, in words, for those who do not see it. */
  words: string;
  x: string;
  y: string;
  /** The marks of the horizontal axis; by default shares. */
  ticks?: readonly { at: number; name: string }[];
  children: ReactNode;
}

/** Axes with their names; the vertical one is a share. */
function Plot({ words, x, y, ticks = TICKS.map((at) => ({ at, name: percent(at) })), children }: PlotProps) {
  return (
    <div className="onrecall-plot">
      <span className="onrecall-plot-y" aria-hidden>{y}</span>
      <svg role="img" aria-label={words} width="100%" height={200}>
        <g aria-hidden>
          {TICKS.map((at) => (
            <g key={at}>
              <line className="onrecall-plot-grid" x1="0%" x2="100%" y1={up(at)} y2={up(at)} />
              <text x="0%" y={up(at)} dx={-8} dy={4} textAnchor="end">{percent(at)}</text>
            </g>
          ))}
          {ticks.map(({ at, name }) => <text key={name} x={across(at)} y="100%" dy={18} textAnchor="middle">{name}</text>)}
        </g>
        {children}
      </svg>
      <span className="onrecall-plot-x" aria-hidden>{x}</span>
    </div>
  );
}

interface Point {
  x: number;
  y: number;
  words: string;
  /** Stands beside the point. */
  label?: string;
  range?: Readonly<Record<"low" | "high", number>> | undefined;
}

const LABEL = { width: 0.15, height: 0.09, begins: 0.08 } as const; // in shares of a phone's picture

/** Whether a point's words would cover those of one before it. */
const covers = (point: Point, before: readonly Point[]): boolean => before.some((other) => Math.abs(other.x - point.x) < LABEL.width && Math.abs(other.y - point.y) < LABEL.height);

/** Points with their intervals, and what each is when it is pointed at. */
const Points = ({ points }: { points: readonly Point[] }) => points.map((point, n) => <Dot key={point.words} point={point} labelled={!covers(point, points.slice(0, n))} />);

const Dot = ({ point: { x, y, words, label, range }, labelled }: { point: Point; labelled: boolean }) => (
  <g>
    <title>{words}</title>
    {range && <line x1={across(x)} x2={across(x)} y1={up(range.low)} y2={up(range.high)} />}
    <circle cx={across(x)} cy={up(y)} r={5} />
    {label && labelled && <text x={across(x)} y={up(y)} dx={x < LABEL.begins ? 9 : -9} dy={y > 0.9 ? 16 : -7} textAnchor={x < LABEL.begins ? "start" : "end"}>{label}</text>}
  </g>
);

/** A line from point to point. */
const Path = ({ points }: { points: readonly Point[] }) => points.slice(1).map((to, n) => {
  const from = points[n];
  return from && <line key={to.words} className="onrecall-plot-line" x1={across(from.x)} y1={up(from.y)} x2={across(to.x)} y2={up(to.y)} />;
});

const described = (points: readonly Point[]): string => points.map((point) => point.words).join("; ");

export function Reliability({ bins }: { bins: readonly Schemas["BinOut"][] }) {
  const points = bins.map(({ claimed, right, of, low, high }): Point => ({
    x: claimed, y: right / of, range: { low, high }, label: `${right} of ${of}`,
    words: `claimed ${percent(claimed)}: right ${right} of ${countText(of, "time")} (${rangeText(low, high)})`,
  }));
  return (
    <Plot words={described(points)} x="claimed" y="was right">
      <line className="onrecall-plot-ideal" x1="0%" y1="100%" x2="100%" y2="0%" />
      <Points points={points} />
    </Plot>
  );
}

export function RiskCoverage({ points: measured }: { points: readonly Schemas["CoveragePointOut"][] }) {
  const points = [...measured].sort((point, other) => point.coverage - other.coverage).map(({ claim, coverage, risk, n }): Point => ({
    x: coverage, y: risk, words: `with a confidence of at least ${percent(claim)}: ${percent(coverage)} answered, ${percent(risk)} of them wrong (${countText(n, "answer")})`,
  }));
  return (
    <Plot words={described(points)} x="answered" y="wrong">
      <Path points={points} />
      <Points points={points} />
    </Plot>
  );
}

interface Learned {
  points: readonly { after: number | null; hit_at_1: Estimate }[];
  unit: string;
}

export function Learning({ learning }: { learning: Learned }) {
  const measured = learning.points.flatMap(({ after, hit_at_1: hit }) => (hit.value == null ? [] : [{ name: after === null ? "all" : after.toLocaleString(), hit, value: hit.value }]));
  const at = (n: number) => (n + 0.5) / measured.length;
  const points = measured.map(({ name, hit, value }, n): Point => ({
    x: at(n), y: value, label: percent(value), range: hit.low == null || hit.high == null ? undefined : { low: hit.low, high: hit.high },
    words: `after ${name}: the first match was right in ${percent(value)}${intervalText(hit) ? ` (${intervalText(hit)})` : ""} of ${countText(hit.n, "case")}`,
  }));
  return (
    <Plot words={described(points)} x={`${learning.unit} remembered`} y="first match right" ticks={measured.map(({ name }, n) => ({ at: at(n), name }))}>
      <Path points={points} />
      <Points points={points} />
    </Plot>
  );
}
