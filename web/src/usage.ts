// What models were used for, added up.
import type { Schemas } from "./api/client";

type Day = Schemas["ModelUseOut"];

export interface ModelTotal {
  provider: string;
  model: string;
  calls: number;
  accepted: number;
  rejected: number;
  failed: number;
  input_tokens: number;
  output_tokens: number;
  known_cost_usd: number;
  of_unknown_cost: number;
}

const COUNTED = ["calls", "accepted", "rejected", "failed", "input_tokens", "output_tokens", "of_unknown_cost"] as const;

/** One row for each model, the dearest first. */
export function byModel(days: readonly Day[]): ModelTotal[] {
  const totals = new Map<string, ModelTotal>();
  for (const day of days) {
    const key = `${day.provider} ${day.model}`;
    const total = totals.get(key) ?? {
      provider: day.provider, model: day.model, calls: 0, accepted: 0, rejected: 0, failed: 0, input_tokens: 0, output_tokens: 0, known_cost_usd: 0, of_unknown_cost: 0,
    };
    for (const name of COUNTED) total[name] += day[name];
    total.known_cost_usd += day.known_cost_usd ?? 0;
    totals.set(key, total);
  }
  return [...totals.values()].sort((total, other) => other.known_cost_usd - total.known_cost_usd || other.calls - total.calls);
}

/** "$0.0042" while it is little, "$12.30" once it is not. */
export const dollars = (sum: number): string => `$${sum.toFixed(sum !== 0 && sum < 1 ? 4 : 2)}`;

/** "12.4 k" */
export const tokens = (count: number): string => (count < 10_000 ? count.toLocaleString() : count < 1e6 ? `${(count / 1e3).toFixed(1)} k` : `${(count / 1e6).toFixed(1)} M`);
