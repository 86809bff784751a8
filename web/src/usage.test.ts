import { describe, expect, it } from "vitest";

import { byModel, dollars, tokens } from "./usage";

const day = (day: string, model: string, cost: number | null) => ({
  day, provider: "groq", model, calls: 2, accepted: 1, rejected: 1, failed: 0, input_tokens: 1000, output_tokens: 100,
  cost_usd: cost, known_cost_usd: cost, of_unknown_cost: cost === null ? 2 : 0, mean_latency_ms: 400,
});

describe("what models cost", () => {
  it("is added up by model, the dearest first, and what is not known stays so", () => {
    const totals = byModel([day("2026-03-02", "small", 0.01), day("2026-03-02", "large", 0.5), day("2026-03-01", "small", null)]);
    expect(totals.map((total) => [total.model, total.calls, total.known_cost_usd, total.of_unknown_cost])).toEqual([["large", 2, 0.5, 0], ["small", 4, 0.01, 2]]);
  });
  it("is said as people read it", () => {
    expect([dollars(0), dollars(0.00421), dollars(12.3)]).toEqual(["$0.00", "$0.0042", "$12.30"]);
    expect([tokens(12_400), tokens(2_500_000)]).toEqual(["12.4 k", "2.5 M"]);
  });
});
