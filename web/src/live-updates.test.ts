import { describe, expect, it } from "vitest";

import { touched } from "./live-updates";

describe("a hint has asked for again", () => {
  const ids = new Set(["INC-1"]);
  it("what is shown of its incident, and the list", () => {
    for (const name of ["incident", "answer", "alerts", "notes", "timeline"]) expect(touched([name, "INC-1"], ids, false)).toBe(true);
    expect(touched(["incidents", "status=open"], ids, false)).toBe(true);
  });
  it("nothing of others", () => {
    expect(touched(["incident", "INC-2"], ids, false)).toBe(false);
    expect(touched(["trust"], ids, false)).toBe(false);
  });
  it("all incidents, where nobody knows what was missed", () => {
    expect(touched(["answer", "INC-2"], new Set(), true)).toBe(true);
    expect(touched(["page", "INC-2"], new Set(), true)).toBe(false);
  });
});
