import { expect, it } from "vitest";

import { AT_HAND, isAt, PLACES } from "./places";

const at = (path: string) => PLACES.filter((place) => isAt(path, place)).map((place) => place.name);

it("every address of the console belongs to one page at most", () => {
  expect([at("/"), at("/incidents/INC-7"), at("/services/a/b"), at("/system/keys"), at("/actions"), at("/nowhere"), at("/systemic")]).toEqual([["Now"], ["Now"], ["Services"], ["System"], ["Actions"], [], []]);
});

it("the pages at hand exist, and leave room for one more button", () => {
  expect(AT_HAND.map((name) => PLACES.some((place) => place.name === name))).toEqual([true, true, true, true]);
});
