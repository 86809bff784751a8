import { expect, test } from "vitest";

import { ownEcho } from "./address-echo";

test("what a field wrote comes back as its own, also where an earlier address was never shown", () => {
  const sent = ["ch", "check", "checkout"];
  expect(ownEcho(sent, "check")).toBe(true);
  expect(sent).toEqual(["checkout"]);
  expect(ownEcho(sent, "checkout")).toBe(true);
  expect(sent).toEqual([]);
});

test("what came from elsewhere is another text, and leaves what is on its way", () => {
  const sent = ["check"];
  expect(ownEcho(sent, "")).toBe(false);
  expect(sent).toEqual(["check"]);
});
