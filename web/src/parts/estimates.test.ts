import { describe, expect, test } from "vitest";

import { type Estimate, estimateText } from "./estimates";

const estimate = (figure: Partial<Estimate>): Estimate => ({ value: 0.88, low: 0.73, high: 0.95, n: 34, too_few: false, ...figure });

describe("a figure with its cases", () => {
  test("has its interval", () => {
    expect(estimateText(estimate({}))).toBe("88 % (73–95 %), 34 cases");
  });
  test("is not shown where one case alone would read as certainty", () => {
    expect(estimateText(estimate({ value: 1, low: 0.21, high: 1, n: 1, too_few: true }))).toBe("too few to tell: 1 of 1 (21–100 %)");
  });
  test("is not measured without a case", () => {
    expect(estimateText(estimate({ value: null, low: null, high: null, n: 0 }))).toBe("not measured yet");
  });
});
