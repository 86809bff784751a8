import { describe, expect, it } from "vitest";

import { timelineOf } from "./timeline";

const event = (seq: number, type: string, at: string, detail: Record<string, unknown> = {}, by: string | null = null) =>
  ({ seq, incident: "INC-1", type, at, by, detail });
const change = { source: "github", key: "7", title: "checkout 4.12", kind: "deployment" as const, at: "2026-03-01T08:00:00Z", service: "checkout", environment: null, labels: {}, links: [], minutes_before: 6 } satisfies Parameters<typeof timelineOf>[1][number];

describe("the story of an incident", () => {
  it("is in the order in which it happened, changes among the events", () => {
    const entries = timelineOf([event(2, "resolved", "2026-03-01T09:00:00Z", { version: 1 }, "ada"), event(1, "opened", "2026-03-01T08:06:00Z")], [change]);
    expect(entries.map((entry) => entry.text)).toEqual(["Deployed checkout: checkout 4.12 (6 min before)", "Opened", "Resolved"]);
    expect(entries.at(-1)).toMatchObject({ kind: "end", by: "ada" });
  });
  it("says an answer once until another one comes", () => {
    const answered = (seq: number, verdict: string) => event(seq, "recommended", `2026-03-01T08:0${seq}:00Z`, { verdict });
    const entries = timelineOf([answered(1, "never_seen"), event(2, "noted", "2026-03-01T08:02:00Z"), answered(3, "never_seen"), answered(4, "known"), answered(5, "never_seen")], []);
    expect(entries.map((entry) => entry.key)).toEqual(["1", "2", "4", "5"]);
  });
  it.each([
    ["alerted", { count: 12, titles: ["High error rate"], services: ["checkout"] }, "12 alerts: High error rate (checkout)"],
    ["resolved", { version: 2 }, "Resolution corrected, version 2"],
    ["resolved", { by_alerts: true }, "Ended: no alert fires any more"],
    ["alerted", { count: 1, titles: ["Disk is full"], first_heard: "over" }, "1 alert, already ended when received: Disk is full"],
    ["reopened", { by_alerts: true }, "Reopened: alerts fire again"],
    ["merged", { into: "INC-2", alerts: 3 }, "Merged into INC-2"],
    ["recommended", { verdict: "never_seen" }, "Answered: never seen this"],
    ["edited", { fields: ["severity", "service", "title"], from: { severity: "low", service: null, title: "Slow" }, to: { severity: "high", service: "mail", title: "Mail is slow" } }, "Changed severity from low to high, service from none to mail, title from Slow to “Mail is slow”"],
    ["edited", { fields: ["labels", "tags"], from: { labels: { zone: "a" }, tags: [] }, to: { labels: { zone: "b" }, tags: ["vip"] } }, "Changed labels zone, tags from none to vip"],
    ["edited", { fields: ["title"] }, "Changed title"],
    ["action_added", { number: 2, text: "Page earlier" }, "Action item added: Page earlier"],
    ["action_changed", { number: 2, text: "Page earlier", from: { state: "open" }, to: { state: "done" } }, "Action item done: Page earlier"],
    ["action_changed", { number: 2, text: "Page earlier", from: { owner: null }, to: { owner: "Noor" } }, "Action item 2 changed: owner from none to Noor"],
    ["checked", { n: 2, text: "Read the lag by partition", result: "different" }, "Checked, not as it was then: Read the lag by partition"],
    ["something_new", {}, "something new"],
  ])("tells %s with %j as “%s”", (type, detail, text) => expect(timelineOf([event(1, type, "2026-03-01T08:06:00Z", detail)], [])[0]?.text).toBe(text));
});
