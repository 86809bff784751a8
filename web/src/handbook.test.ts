import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { addressed, guides, isAddress } from "./handbook";

const HANDBOOK = readFileSync("../docs/senders.md", "utf-8");

describe("the senders' handbook", () => {
  const found = guides(HANDBOOK);
  it("has a guide for each address of its table, with something to paste or to set", () => {
    const addresses = [...HANDBOOK.matchAll(/^\| \[.*?\) \| `([^`]+)` \|/gm)].map(([, address]) => address);
    expect(addresses.length).toBeGreaterThan(10);
    expect([...found.keys()]).toEqual(addresses);
    for (const [address, guide] of found) expect(guide.tokens.length, address).toBeGreaterThan(0);
  });
  it("tells a sender its own part", () => {
    expect(JSON.stringify(found.get("/api/v1/alerts/alertmanager")?.tokens)).toContain("webhook_configs");
    expect(JSON.stringify(found.get("/api/v1/alerts/incident-io")?.tokens)).toContain("deduplication_key");
    expect(JSON.stringify(found.get("/api/v1/alerts/opsgenie")?.tokens)).toContain("UnAcknowledge");
  });
});

describe("an address put in", () => {
  it("is this server's, with its scheme", () => {
    expect(addressed("url: https://onrecall.example/v2/enqueue", "http://10.0.0.5:8000/")).toBe("url: http://10.0.0.5:8000/v2/enqueue");
    expect(addressed("- scheme: https\n  targets: [onrecall.example]", "http://h:1")).toBe("- scheme: http\n  targets: [h:1]");
    expect(addressed("- scheme: https\n  targets: [onrecall.example]", "https://r.example")).toBe("- scheme: https\n  targets: [r.example]");
  });
  it("is http or https", () => {
    expect([isAddress("https://r.example"), isAddress("r.example"), isAddress("javascript:alert(1)"), isAddress("")]).toEqual([true, false, false, false]);
  });
});
