import { expect, test } from "vitest";

import { firstThing, missing } from "./never-seen";

const record = { service: "mail", began: "2026-03-01T08:10:00Z", documents: [], changes: [], people: [] };

test("a runbook comes before a change, a change before a person, and without any somebody is to be found", () => {
  const documents = [{ id: "rb/mail.md", title: "Mail queue" }];
  const changes = [{ title: "mail 4.1", at: "2026-03-01T08:00:00Z" }];
  expect(firstThing({ ...record, documents, changes, people: ["Noor"] })).toEqual({ words: "Open the runbook: Mail queue", document: "rb/mail.md" });
  expect(firstThing({ ...record, changes, people: ["Noor"] }).words).toBe("Check the last change, 10 min before: mail 4.1");
  expect(firstThing({ ...record, people: ["Noor"] }).words).toBe("Ask Noor, who worked on mail last");
  expect(firstThing(record).words).toContain("knows mail");
  expect(firstThing({ ...record, service: null }).words).toContain("Name the service");
});

test("what is missing is one sentence", () => {
  expect(missing("mail", { documents: 0, changes: 2, earlier: 0 })).toBe("mail has no runbook and no earlier incident on record.");
  expect(missing("mail", { documents: 1, changes: 2, earlier: 3 })).toBeNull();
});
