import { describe, expect, it } from "vitest";

import { plainText } from "./plain-text";

describe("Markdown shown as plain text", () => {
  it("has no bold marks and anchors", () => {
    expect(plainText("**Postmortem: Kiln cold**\n\n# **Summary** {#summary}\n- **Re-lit** it")).toBe("Postmortem: Kiln cold\n\n# Summary\n- Re-lit it");
  });
  it("keeps globs, powers and lone marks", () => {
    for (const text of ["rm src/**/x/**", "2 ** 8 and 2 ** 9", "**/build/**", "a ** b", "**unclosed"]) expect(plainText(text)).toBe(text);
  });
});
