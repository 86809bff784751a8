import { describe, expect, it } from "vitest";

import { addressOf, around, documentAddress } from "./search";

describe("a match", () => {
  it("leads to an incident's page", () => expect(addressOf({ page: "incident", id: "team/7", line: 4 })).toBe("/incidents/team%2F7"));
  it("leads to a document's line", () => expect(addressOf({ page: "document", id: "a&b.md", line: 4 })).toBe("/memory?kind=documents&open=a%26b.md&line=4"));
  it("has a document's address without a line too", () => expect(documentAddress("a&b.md")).toBe("/memory?kind=documents&open=a%26b.md"));
});

describe("the line of a match", () => {
  const far = `${"pool ".repeat(20)}then the spool filled`;
  it("begins shortly before the word", () => {
    expect(around(far, ["SPOOL"])).toMatch(/^…pool .*then the spool filled$/);
    expect(around(far, ["SPOOL"]).length).toBeLessThan(65);
  });
  it("stays whole where the word is near its beginning, or in none of it", () => {
    expect(around("the spool filled", ["spool"])).toBe("the spool filled");
    expect(around(far, ["zebra"])).toBe(far);
  });
  it("begins with the word where nothing before it can be cut", () => expect(around(`${"x".repeat(90)}spool`, ["spool"])).toBe("…spool"));
});
