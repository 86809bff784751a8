import { describe, expect, it } from "vitest";

import { filled, pieces, unfilled, valuesNow } from "./placeholders";

const POD = { value: "cart-6f7d-x2k9q", kind: "pod" };
const HOST = { value: "db-17", kind: "host" };
const COMMAND = "kubectl delete pod ‹cart-6f7d-x2k9q› && ssh ‹db-17› uptime";

describe("values of today", () => {
  it("are taken from labels of the same name", () => {
    expect(valuesNow([POD, HOST], [{ pod: "cart-9c1b-p4p4p", instance: "db-3.prod:9100" }])).toEqual({ "cart-6f7d-x2k9q": "cart-9c1b-p4p4p", "db-17": "db-3.prod" });
  });
  it("are none where alerts name several", () => {
    expect(valuesNow([POD], [{ pod: "a-1" }, { pod: "a-2" }])).toEqual({});
  });
  it("are none where no label has that name", () => {
    expect(valuesNow([POD, { value: "0xdeadbeef01", kind: "address" }], [{ service: "cart" }])).toEqual({});
  });
  it.each(["x; rm -rf /", "$(reboot)", "-rf", "a b", "`id`", "a\nb"])("are never %j, which a shell would read as more", (pod) => {
    expect(valuesNow([POD], [{ pod }])).toEqual({});
  });
  it("are addresses where an address is wanted", () => {
    expect(valuesNow([{ value: "10.4.7.9", kind: "ip" }], [{ instance: "db-3:9100" }])).toEqual({});
    expect(valuesNow([{ value: "10.4.7.9", kind: "ip" }], [{ instance: "10.9.9.1:9100" }])).toEqual({ "10.4.7.9": "10.9.9.1" });
  });
  it("do not come from what every object has", () => {
    expect(valuesNow([{ value: "v", kind: "constructor" }], [{}])).toEqual({});
  });
});

describe("a command", () => {
  it("is cut where old values stand", () => {
    expect(pieces(COMMAND).filter((piece) => piece.old).map((piece) => piece.old)).toEqual(["cart-6f7d-x2k9q", "db-17"]);
  });
  it("keeps an old value that nobody replaced", () => {
    expect(filled(COMMAND, { "db-17": "db-3" })).toBe("kubectl delete pod ‹cart-6f7d-x2k9q› && ssh db-3 uptime");
    expect(unfilled([POD, HOST], { "db-17": "db-3", "cart-6f7d-x2k9q": "  " })).toEqual(["cart-6f7d-x2k9q"]);
  });
});
