import { expect, it } from "vitest";

import { pathOf } from "./prefetch";

const on = (href: string | null) => ({ closest: () => (href === null ? null : { getAttribute: () => href }) }) as unknown as Element;

it("knows where a link of the console leads, and no other", () => {
  const at = (href: string | null) => pathOf(on(href), "http://here.test");
  expect([at("/incidents/INC-7?x=1"), at("http://here.test/trust"), at("https://wiki.test/trust"), at("javascript:alert(1)"), at(null)]).toEqual(["/incidents/INC-7", "/trust", null, null, null]);
  expect(pathOf(null, "http://here.test")).toBeNull();
});
