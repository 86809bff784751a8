import { describe, expect, it } from "vitest";

import { fromHash, isAddress } from "./address";

describe("an address that senders can be pointed at", () => {
  it.each(["https://recall.example.com", "http://10.0.0.5:8000/"])("is %s", (text) => expect(isAddress(text)).toBe(true));
  it.each(["", "recall.example.com", "javascript:alert(1)", "ftp://a"])("is not %s", (text) => expect(isAddress(text)).toBe(false));
});

describe("an old link", () => {
  it("is led to its page, with its question", () => {
    expect(fromHash("#/incidents/INC-7")).toBe("/incidents/INC-7");
    expect(fromHash("#/ask?q=disk%20full")).toBe("/ask?q=disk%20full");
  });
  it.each(["", "#", "#top", "#//evil.example", "#/\\evil.example"])("is not made of %s", (hash) => expect(fromHash(hash)).toBeNull());
});
