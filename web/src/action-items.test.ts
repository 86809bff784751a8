import { expect, test } from "vitest";

import { type ActionItem, changesOf, dueText, grouped, issueName } from "./action-items";

const item = (part: Partial<ActionItem>): ActionItem => ({
  incident: "INC-1", number: 1, text: "Page earlier", owner: null, due: null, state: "open", overdue: false, url: null, imported: false, imported_text: null,
  created_at: null, created_by: null, updated_at: null, updated_by: null, closed_at: null, title: "Mail is slow", service: null, example: false, new_issue_url: null, ...part,
});

test.each([
  ["2026-03-01", "2 days overdue"],
  ["2026-03-02", "1 day overdue"],
  ["2026-03-03", "due today"],
  ["2026-03-04", "due tomorrow"],
  ["2026-03-10", "due in 7 days"],
])("%s is %s on the third of March", (due, words) => {
  expect(dueText({ due, overdue: false, state: "open" }, "2026-03-03")).toBe(words);
});

test("a closed one is not overdue, and none has a word without a date", () => {
  expect(dueText({ due: "2026-03-01", overdue: false, state: "done" }, "2026-03-03")).toMatch(/^was due /);
  expect(dueText({ due: null, overdue: false, state: "open" }, "2026-03-03")).toBeNull();
});

test("overdue ones come first and closed ones last", () => {
  const groups = grouped([item({ number: 1 }), item({ number: 2, state: "done" }), item({ number: 3, due: "2026-04-01" }), item({ number: 4, due: "2026-01-01", overdue: true })]);
  expect(groups.map((group) => [group.name, ...group.items.map((shown) => shown.number)])).toEqual([["Overdue", 4], ["Due", 3], ["No due date", 1], ["Closed", 2]]);
});

test("only what was changed is sent, and an emptied field is cleared", () => {
  const before = { text: "Page earlier", owner: "dana", due: "2026-03-01", url: "" };
  expect(changesOf(before, before)).toEqual({});
  expect(changesOf(before, { text: " Page at 80 % ", owner: "", due: "", url: "https://t.example/1" })).toEqual({ text: "Page at 80 %", owner: null, due: null, url: "https://t.example/1" });
});

test("an issue is named by its key or number and its host", () => {
  expect(issueName("https://github.com/acme/shop/issues/7")).toBe("#7 at github.com");
  expect(issueName("https://acme.atlassian.net/browse/OPS-12")).toBe("OPS-12 at acme.atlassian.net");
  expect(issueName("https://tracker.example")).toBe("tracker.example");
});
