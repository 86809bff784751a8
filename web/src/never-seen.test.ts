import { expect, test } from "vitest";

import { firstThing, missing, unknownFirst } from "./never-seen";

const record = { service: "mail", began: "2026-03-01T08:10:00Z", documents: [], changes: [], people: [], alerts: 1, labels: {} };

test("a runbook comes before a change, a change before a person, and without any somebody is to be found", () => {
  const documents = [{ id: "rb/mail.md", title: "Mail queue" }];
  const changes = [{ title: "mail 4.1", at: "2026-03-01T08:00:00Z" }];
  expect(firstThing({ ...record, documents, changes, people: ["Noor"] })).toEqual({ words: "Open the runbook: Mail queue", document: "rb/mail.md" });
  expect(firstThing({ ...record, documents: [{ id: "rb/q", title: "Runbook: queue is behind" }] }).words).toBe("Open the runbook: queue is behind");
  expect(firstThing({ ...record, changes, people: ["Noor"] }).words).toBe("Check the last change, 10 min before: mail 4.1");
  expect(firstThing({ ...record, people: ["Noor"] }).words).toBe("Ask Noor, who worked on mail last");
  expect(firstThing(record).words).toContain("knows mail");
  expect(firstThing({ ...record, service: null }).words).toContain("Name the service");
});

test("of a storm, what its alerts share comes first where no service is named", () => {
  const storm = { ...record, service: null, alerts: 30, labels: { severity: "critical", rack: "r17", switch: "sw-r17" } };
  expect(firstThing(storm).words).toBe("Check what all 30 alerts share: rack r17, switch sw-r17");
  expect(firstThing({ ...storm, labels: { severity: "critical" } }).words).toContain("Name the service");
});

test("what is missing is one sentence", () => {
  expect(missing("mail", { documents: true, changes: false, earlier: true })).toBe("On record for mail: no runbook and no earlier incident.");
  expect(missing("mail", { documents: false, changes: false, earlier: false })).toBeNull();
});

test("what failed to load is named where it may hold the first thing to do, and only there", () => {
  const [some, none, failed, waiting] = [{ rows: ["a"], failed: false }, { rows: [], failed: false }, { rows: undefined, failed: true }, { rows: undefined, failed: false }];
  expect(unknownFirst({ documents: failed, changes: some, earlier: some })).toBe("Its runbooks");
  expect(unknownFirst({ documents: none, changes: failed, earlier: failed })).toBe("Its changes");
  expect(unknownFirst({ documents: none, changes: none, earlier: failed })).toBe("Its last incidents");
  expect(unknownFirst({ documents: some, changes: failed, earlier: failed })).toBeNull();
  expect(unknownFirst({ documents: waiting, changes: failed, earlier: none })).toBeNull();
  expect(unknownFirst({ documents: none, changes: none, earlier: none })).toBeNull();
});
