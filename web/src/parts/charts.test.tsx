import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";

import { Learning, Reliability, RiskCoverage } from "./charts";

test("a level of confidence stands where it claims to be and as high as it was right, with its cases beside it", () => {
  const picture = renderToStaticMarkup(<Reliability bins={[{ claimed: 0.6, right: 3, of: 4, low: 0.3, high: 0.95 }]} />);
  expect(picture).toContain('aria-label="claimed 60 %: right 3 of 4 times (30–95 %)"');
  expect(picture).toContain('<circle cx="60.00%" cy="25.00%"');
  expect(picture).toContain(">3 of 4</text>");
});

test("answering more is drawn from left to right, whatever the order it comes in", () => {
  const picture = renderToStaticMarkup(<RiskCoverage points={[{ claim: 0.2, coverage: 1, risk: 0.5, n: 40 }, { claim: 0.8, coverage: 0.25, risk: 0, n: 10 }]} />);
  expect(picture).toContain('x1="25.00%" y1="100.00%" x2="100.00%" y2="50.00%"');
  expect(picture).toMatch(/25 % answered, 0 % of them wrong \(10 answers\); .*100 % answered/);
});

test("a memory that was not measured has no point, and one without an interval no bar", () => {
  const hit = (value: number | null) => ({ value, low: null, high: null, n: 12, too_few: false });
  const picture = renderToStaticMarkup(<Learning learning={{ unit: "incidents", points: [{ after: 0, hit_at_1: hit(null) }, { after: 50, hit_at_1: hit(0.4) }, { after: null, hit_at_1: hit(0.7) }] }} />);
  expect(picture.match(/<circle/g)).toHaveLength(2);
  expect(picture).not.toMatch(/<g><title>[^<]*<\/title><line/);
  expect(picture).toContain("after all: the first match was right in 70 % of 12 cases");
});
