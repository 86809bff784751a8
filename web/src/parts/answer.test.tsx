import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { MemoryRouter } from "react-router";
import { expect, test } from "vitest";

import type { Recommendation } from "../format";
import { AnswerRest, AnswerTop } from "./answer";

const nothing = { id: "ANS-1", verdict: "never_seen", verdict_reason: "nothing is like it", cause: null, confidence: null, confidence_reason: null, steps: [], tell_apart: [], tried_before: [], alternatives: [], evidence: [], checks: [], explanation: [], composer: "memory", route_reason: "", latency_ms: { recall: 1, total: 2 }, tokens: 0, cost_usd: null, changed: [], checked: [] } as unknown as Recommendation;

const markupOf = (part: ReactNode): string => renderToStaticMarkup(
  <QueryClientProvider client={new QueryClient()}><MantineProvider><MemoryRouter>{part}</MemoryRouter></MantineProvider></QueryClientProvider>,
);
const drawn = (answer: Recommendation): string => markupOf(<AnswerRest answer={answer} question="mail is late" />);

test("other incidents of the service are listed as no match, each with a link", () => {
  const markup = drawn({ ...nothing, service_incidents: [{ id: "INC-7", title: "Restart `mail-relay` <b>now</b>", service: "mail", status: "resolved", started_at: "2026-03-01T08:10:00Z" }] });
  expect(markup).toContain("Other incidents of this service");
  expect(markup).toContain("No match: listed because nothing similar is on record.");
  expect(markup).toContain('href="/incidents/INC-7"');
  expect(markup).toMatch(/<code[^>]*>mail-relay<\/code> &lt;b&gt;now/);
  expect(markup).toMatch(/mail · resolved · [^<]*2026/);
});

test("without any there is no such section", () => {
  for (const answer of [nothing, { ...nothing, service_incidents: [] }]) expect(drawn(answer)).not.toContain("Other incidents of this service");
});

test("without a step the most similar incident is opened, with the code in its title as code", () => {
  const nearest = { kind: "incident", id: "INC-7", title: "Restart `mail-relay` now", resolution: null };
  const markup = markupOf(<AnswerTop answer={{ ...nothing, verdict: "similar", evidence: [nearest] } as unknown as Recommendation} />);
  expect(markup).toContain("Open the most similar incident");
  expect(markup).toMatch(/<code[^>]*>mail-relay<\/code> now/);
});
