import { describe, expect, it } from "vitest";

import { EXAMPLES, issueLink, issueOf, wrongTemplate } from "./issue-link";

const GITHUB = "https://github.com/acme/ops/issues/new?title={title}&body={body}";

describe("links to a tracker", () => {
  it.each([
    ["http://tracker.example/new?t={title}", "https"], ["javascript:alert({title})", "https"], ["https://t.example/new", "{title}"],
    ["https://t.example/new?t={title}&x={owner}", "Only"], [EXAMPLES[0].template, "capital"], [EXAMPLES[2].template, "capital"], ["{title}", "https"],
  ])("are not made of %s", (template, reason) => expect(wrongTemplate(template)).toContain(reason));

  it("are made of an address of one's own", () => expect(wrongTemplate(GITHUB)).toBeNull());

  it("carry hostile text as text", () => {
    const link = new URL(issueLink(GITHUB, { title: "a&b=c#d {body} $&", body: "</script>\n\ud800" }));
    expect(link.searchParams.get("title")).toBe("a&b=c#d {body} $&");
    expect(link.searchParams.get("body")).toBe("</script>\n\ufffd");
    expect([...link.searchParams.keys()]).toEqual(["title", "body"]);
  });

  it("stay short enough for a browser", () => {
    const link = issueLink(GITHUB, { title: "long", body: "ü🙂".repeat(5_000) });
    expect(link.length).toBeLessThanOrEqual(6_000);
    expect(new URL(link).searchParams.get("body")).toMatch(/^ü🙂ü🙂/);
  });

  it("say where an action item comes from", () => {
    const issue = issueOf({ text: "Add an alert on pool use", owner: "Noor", due: "2026-12-24" }, { id: "INC-7", title: "Pool empty", service: null }, "https://o.example/incidents/INC-7");
    expect(issue.title).toBe("Add an alert on pool use");
    expect(issue.body.split("\n")).toEqual(["Add an alert on pool use", "", "From incident INC-7: Pool empty", "Owner: Noor", "Due: 2026-12-24", "https://o.example/incidents/INC-7"]);
  });
});
