import { describe, expect, it } from "vitest";

import { labelChanges, labelLines, readLabels } from "./labels";

describe("labels", () => {
  it("are read from lines, with = in values and spaces around", () => {
    expect(readLabels("region = eu\n\nquery=up==1\n")).toEqual({ labels: { region: "eu", query: "up==1" } });
    expect(readLabels(labelLines({ pod: "a-1", "k8s/zone": "b" }))).toEqual({ labels: { pod: "a-1", "k8s/zone": "b" } });
  });

  it.each(["region", "=eu", "region="])("name the line that is none: %s", (line) => {
    expect(readLabels(`pod=a\n${line}`)).toEqual({ wrong: line });
  });

  it("send only what differs", () => {
    expect(labelChanges({ pod: "a", zone: "b", team: "x" }, { pod: "a", zone: "c", region: "eu" })).toEqual({ zone: "c", region: "eu", team: null });
    expect(labelChanges({ note: "two\nlines" }, { note: "two lines" })).toEqual({});
    expect(labelChanges({}, { constructor: "x" })).toEqual({ constructor: "x" });
  });
});
