import { describe, expect, it } from "vitest";

import { COLUMNS, grouped, isGroup, loudness, orderOf, pressed } from "./incident-order";
import type { IncidentSummary } from "./format";

const column = (name: string) => COLUMNS.find(({ sort }) => sort === name)!;
const glance = (id: string, service: string | null) => ({ incident: { id, service } }) as IncidentSummary;

describe("the order of Now", () => {
  it.each([
    ["", { sort: "started_at", order: "desc" }],
    ["sort=severity", { sort: "severity", order: "desc" }],
    ["sort=service", { sort: "service", order: "asc" }],
    ["sort=service&order=desc", { sort: "service", order: "desc" }],
    ["sort=service&order=sideways", { sort: "service", order: "asc" }],
    ["sort=title; drop", { sort: "started_at", order: "desc" }],
  ])("of “%s”", (address, order) => expect(orderOf(new URLSearchParams(address))).toEqual(order));

  it("turns round when the same head is pressed again", () => {
    const once = pressed(column("severity"), { sort: "started_at", order: "desc" });
    expect(once).toEqual({ sort: "severity", order: "desc" });
    expect(pressed(column("severity"), once)).toEqual({ sort: "severity", order: "asc" });
  });

  it("puts each service's name before its incidents, also of those without one", () => {
    const rows = [glance("1", "a"), glance("3", "b"), glance("4", null), glance("2", "a")];
    const listed = grouped(rows);
    expect(listed.map((row) => (isGroup(row) ? `${row.service} ${row.count}` : row.incident.id))).toEqual(["a 2", "1", "2", "b 1", "3", "null 1", "4"]);
  });

  it("lets ages grow louder", () => {
    const now = Date.parse("2026-03-02T12:00:00Z");
    expect(["2026-03-02T11:30:00Z", "2026-03-02T02:00:00Z", "2026-03-01T11:00:00Z"].map((at) => loudness(at, now))).toEqual(["calm", "plain", "loud"]);
  });
});
