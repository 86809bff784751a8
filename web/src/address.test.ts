import { expect, it } from "vitest";

import { isAddress } from "./address";

it.each([
  ["https://r.example", true],
  ["http://10.0.0.5:8000/", true],
  ["r.example", false],
  ["javascript:alert(1)", false],
  ["", false],
])("an address is http or https: %s", (text, right) => expect(isAddress(text)).toBe(right));
