import { expect, test } from "vitest";

import { described, deviceId, keyBytes } from "./push";

test("a subscription is described by its address, its keys and the chosen services", () => {
  const subscription = { endpoint: "https://push.example/a", expirationTime: null, keys: { p256dh: "BPub", auth: "aut" } };
  expect(described(subscription, ["cart"])).toEqual({ endpoint: "https://push.example/a", p256dh: "BPub", auth: "aut", services: ["cart"] });
});

test("the server's key becomes bytes, also with the letters that base64url has of its own", () => {
  expect([...keyBytes("-_8B")]).toEqual([251, 255, 1]);
});

test("a device has the id that the server gives it", async () => {
  expect(await deviceId("https://push.example/ann")).toBe("f62007a1d98805644ca41c16f6d0271c");
});
