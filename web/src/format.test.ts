import { describe, expect, it } from "vitest";

import { alertTimes, changed, type Change, familyName, firstSafe, hours, likely, matching, monthName, opinionSentence, rangeText, record, resolutionTrust, restsOn, durationText, labelText, shortName, staleness, type Step, confidenceText, took, trust } from "./format";

const step = (n: number, risk: Step["risk"]) => ({ n, risk }) as Step;

describe("the first safe step", () => {
  const steps = [step(1, "disruptive"), step(2, "reversible"), step(3, "read_only")];
  it("is the one that the answer names", () => {
    expect(firstSafe({ steps, first_safe_step: 3 })?.n).toBe(3);
  });
  it("is none where the answer names none, however harmless a later step looks", () => {
    expect(firstSafe({ steps, first_safe_step: null })).toBeUndefined();
  });
});

describe("trust", () => {
  const confidence = { probability: 0.78, right: 7, of: 9, low: 0.45, high: 0.94, basis: "outcomes" };
  it("is a frequency with its interval and where it comes from", () => {
    expect(trust({ confidence, confidence_reason: null, verdict: "known", cause: "a full disk" })).toBe("Such answers were right 7 of 9 times (45–94 %), on your own incidents");
  });
  it("is about the nearest precedent where nothing like it was seen", () => {
    const elsewhere = { right: 0, of: 930, low: 0, high: 0.004 };
    const nearest_rates = { on_record: { right: 13, of: 274, low: 0.03, high: 0.08 }, elsewhere };
    const never = { confidence: null, confidence_reason: "nothing is suggested that could be right", verdict: "never_seen", cause: null } as const;
    expect(trust({ ...never, nearest_rates })).toBe(
      "Do not rely on the nearest record. Measured on public data, it was right 13 of 274 times (3–8 %) where the system was on record, and 0 of 930 times (0–1 %) where it was not.",
    );
    expect(trust({ ...never, nearest_rates: { on_record: { right: 80, of: 100, low: 0.7, high: 0.87 }, elsewhere } })).toContain("The nearest record may help. Measured on public data, it was right 80 of 100 times");
    expect(trust({ ...never, nearest_rates: null })).toBe("Nothing is suggested that could be right.");
    expect(confidenceText(never)).toBe("no cause suggested");
  });
  it("is of the first source where no cause is suggested", () => {
    const runbook = { confidence: { ...confidence, right: 233, of: 272, low: 0.81, high: 0.894 }, confidence_reason: null, verdict: "similar", cause: null } as const;
    expect(trust(runbook)).toBe("No cause is suggested; sources like the first one were right 233 of 272 times (81–90 %), on your own incidents");
    expect(confidenceText(runbook)).toBe("very likely: right 233 of 272");
    expect(trust({ ...runbook, confidence: null, confidence_reason: "not measured yet: 6 outcomes, 20 needed" })).toBe("Trust: not measured yet: 6 outcomes, 20 needed");
    expect(confidenceText({ ...runbook, confidence: null })).toBe("trust not measured");
  });
  it("rounds its interval outwards, and leaves whole percent as they are", () => {
    expect(rangeText(0.998, 0.999)).toBe("99–100 %");
    expect(rangeText(0, 0.004)).toBe("0–1 %");
    expect(rangeText(0.29, 0.07)).toBe("29–7 %");
  });
  it("is absent with its reason", () => {
    expect(trust({ confidence: { ...confidence, basis: "public" }, confidence_reason: "not measured on your incidents yet: 0 outcomes, 20 needed", verdict: "similar", cause: "a full disk" })).toBe(
      "Such answers were right 7 of 9 times (45–94 %), on public data, not yet on your incidents",
    );
    expect(trust({ confidence: null, confidence_reason: "not measured yet: 6 outcomes, 20 needed", verdict: "known", cause: "a full disk" })).toBe("Trust: not measured yet: 6 outcomes, 20 needed");
  });
});

describe("trust in how an incident ended", () => {
  it.each([
    ["human", "written", /in their own words/],
    ["human", null, /^Trust: a person recorded it/],
    ["human", "taken_over", /accepted the cause that OnRecall had suggested/],
    ["imported", null, /nobody here has confirmed it/],
    ["suggested", null, /do not rely on it yet; a sender/],
    ["model", null, /do not rely on it yet; a model/],
  ] as const)("%s, %s", (provenance, origin, expected) => expect(resolutionTrust({ provenance, cause_origin: origin })).toMatch(expected));
});

describe("trust in a word", () => {
  const confidence = { probability: 0.9, right: 18, of: 20, low: 0.8, high: 0.96, basis: "outcomes" };
  it.each([
    [confidence, "very likely: right 18 of 20"],
    [{ ...confidence, low: 0.7 }, "likely: right 18 of 20"],
    [{ ...confidence, probability: 0.5, right: 10, low: 0.3 }, "even odds: right 10 of 20"],
    [{ ...confidence, probability: 0.2, right: 4, low: 0.1 }, "doubtful: right 4 of 20"],
    [null, "trust not measured"],
  ])("%#", (confidence, sentence) => expect(confidenceText({ confidence: confidence, confidence_reason: null, verdict: "known", cause: "a full disk" })).toBe(sentence));
});

describe("a change before", () => {
  const change = { kind: "deployment", title: "checkout 4.12", minutes_before: 6 } as Change;
  it("says how long before", () => expect(changed(change)).toBe("deployed 6 min before: checkout 4.12"));
  it("says just before within the minute", () => expect(changed({ ...change, kind: "other", minutes_before: 0 } as unknown as Change)).toBe("changed just before: checkout 4.12"));
});

it("says milliseconds with their unit", () => expect([took(33.6), took(1_234)]).toEqual(["34 ms", "1.2 s"]));

describe("spans of time", () => {
  it.each([
    [0, "0 s"],
    [59, "59 s"],
    [60, "1 min"],
    [3_725, "1 h 2 min"],
    [90_000, "1 d 1 h"],
    [-5, "0 s"],
  ])("%d seconds are %s", (seconds, phrase) => expect(durationText(seconds)).toBe(phrase));
});

describe("matching words", () => {
  it("marks what both have, and loses nothing", () => {
    const pieces = matching("FATAL: too many clients <b>already</b>", "Too many CLIENTS");
    expect(pieces.filter((piece) => piece.same).map((piece) => piece.text)).toEqual(["too", "many", "clients"]);
    expect(pieces.map((piece) => piece.text).join("")).toBe("FATAL: too many clients <b>already</b>");
  });
});

it("spells labels out", () => expect(labelText("connection-pool_exhaustion")).toBe("Connection pool exhaustion"));

it("names a family by the words of its label, or by its title as it is", () => {
  expect(familyName("disk-full")).toBe("Disk full");
  expect(familyName("cron-job ran twice")).toBe("cron-job ran twice");
});

it("says when there is no record", () => expect(record({ tried: 0, worked: 0, failed: 0, last: null })).toBe("no record here yet"));

describe("what an answer rests on", () => {
  const cite = (id: string, incident: string | null = null) => ({ id, incident, line: 1, quote: "" });
  const evidence = ["INC-1", "INC-2", "RB-1"].map((id) => ({ id, kind: "incident" }));
  it("is what its cause and steps cite, each once, and nothing that is only alike", () => {
    const answer = { cause_citation: cite("PM-1", "INC-2"), steps: [{ citation: cite("INC-1") }, { citation: cite("INC-2") }], evidence };
    expect(restsOn(answer as unknown as Parameters<typeof restsOn>[0]).map((piece) => piece.id)).toEqual(["INC-2", "INC-1"]);
  });
});

describe("why steps may no longer hold", () => {
  it("is said once for all steps that share the reason", () => {
    const steps = [{ n: 1, stale: "a year old" }, { n: 2, stale: null }, { n: 3, stale: "a year old" }, { n: 4, stale: "gone" }];
    expect(staleness(steps)).toEqual(["Steps 1, 3 may be outdated: a year old", "Step 4 may be outdated: gone"]);
  });
});

it("how likely the cause is right is a number", () => {
  expect(likely({ probability: 0.674, right: 2, of: 3, low: 0.2, high: 0.9, basis: "outcomes" })).toBe("67 % likely right");
});

describe("a second opinion", () => {
  const match = { document_id: "inc:7", incident: "INC-7", title: null, semantic: 0.7 };
  it("says whether it names the same incident first", () => {
    expect(opinionSentence({ state: "ok", detail: null, matches: [match], agrees: true })).toMatch(/is also OnRecall/);
    expect(opinionSentence({ state: "ok", detail: null, matches: [match], agrees: false })).toMatch(/another incident/);
    expect(opinionSentence({ state: "ok", detail: null, matches: [match], agrees: null })).toMatch(/neither/);
  });
  it("says that there is none, and why", () => {
    expect(opinionSentence({ state: "ok", detail: null, matches: [], agrees: null })).toBe("It finds nothing similar.");
    expect(opinionSentence({ state: "unavailable", detail: "it answered 401", matches: [], agrees: null })).toMatch(/401/);
  });
});

describe("a count of one", () => {
  it("has its noun in the singular", () => {
    expect(record({ tried: 1, worked: 1, failed: 0, last: null })).toBe("worked 1 of 1 time here");
    expect(trust({ confidence: { probability: 1, right: 1, of: 1, low: 0.2, high: 1, basis: "outcomes" }, confidence_reason: null, verdict: "known", cause: "a full disk" })).toContain("were right 1 of 1 time (");
  });
});

describe("the times of an alert", () => {
  const alert = { starts_at: "2026-03-01T03:12:00", ends_at: null, end_reason: "" };
  it("say since when it fires", () => {
    expect(alertTimes({ ...alert, status: "firing" })).toMatch(/^firing since .*12/);
  });
  it("say when it ended, or why, where its source did not say when", () => {
    expect(alertTimes({ ...alert, status: "resolved", ends_at: "2026-03-01T03:31:00" })).toMatch(/12.*, ended .*31/);
    expect(alertTimes({ ...alert, status: "resolved", end_reason: "expired" })).toMatch(/, ended \(expired\)$/);
  });
});

describe("names and figures in a sentence", () => {
  it("leaves a short name, and takes its middle out of a long one without cutting a character in two", () => {
    expect(shortName("payment-gateway")).toBe("payment-gateway");
    expect(shortName(`svc-${"🛒".repeat(60)}-eu`)).toBe(`svc-${"🛒".repeat(22)}…${"🛒".repeat(7)}-eu`);
  });
  it("names a month, and hours with their unit", () => {
    expect(monthName("2026-03")).toMatch(/Mar.* 2026/);
    expect(hours(4)).toMatch(/^4[.,]0 h$/);
  });
});
