import { expect, test } from "vitest";

import { readable, withoutControls } from "./direction";

test("nothing turns the order of letters around, and letters that run from the right stay", () => {
  expect(withoutControls("\u202Eelpmaxe\u202C \u2067x\u2069: مرحبا שלום")).toBe("elpmaxe x: مرحبا שלום");
});

test("an answer of the server is read without them, and keeps its status and headers", async () => {
  const answer = await readable(new Response(JSON.stringify({ title: "\u202Enwod" }), { status: 201, headers: { "Content-Type": "application/problem+json", "X-A": "1" } }));
  expect(await answer.json()).toEqual({ title: "nwod" });
  expect([answer.status, answer.headers.get("X-A")]).toEqual([201, "1"]);
});

test("an answer without a body has none afterwards either: a Response of status 204 refuses even an empty text", async () => {
  const answer = await readable(new Response(null, { status: 204, headers: { "Content-Type": "application/json" } }));
  expect([answer.status, answer.body]).toEqual([204, null]);
});

test("what is no text, such as a picture, stays as it is", async () => {
  const picture = new Response("\u202E", { headers: { "Content-Type": "image/png" } });
  expect(await readable(picture)).toBe(picture);
});
