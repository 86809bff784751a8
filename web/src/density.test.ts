import { expect, test } from "vitest";

import { densityOf } from "./density";

test("only what is a density counts", () => {
  expect(densityOf("compact")).toBe("compact");
  for (const stored of ["comfortable", "COMPACT", "", null, undefined, 7]) expect(densityOf(stored)).toBe("comfortable");
});
