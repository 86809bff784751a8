import { describe, expect, it } from "vitest";

import { codeIn, plainText, withoutCommand, withoutMarks } from "./plain-text";

describe("Markdown shown as plain text", () => {
  it("has no bold marks and anchors", () => {
    expect(plainText("**Postmortem: Kiln cold**\n\n# **Summary** {#summary}\n- **Re-lit** it")).toBe("Postmortem: Kiln cold\n\n# Summary\n- Re-lit it");
  });
  it("keeps globs, powers and lone marks", () => {
    for (const text of ["rm src/**/x/**", "2 ** 8 and 2 ** 9", "**/build/**", "a ** b", "**unclosed"]) expect(plainText(text)).toBe(text);
  });
});

describe("code in a sentence", () => {
  const code = (text: string) => codeIn(text).filter((piece) => piece.code).map((piece) => piece.text);
  it("stands apart, also inside bold words and with a mark of its own", () => {
    expect(code("Check `SHOW POOLS;` and **raise `pool_size`**")).toEqual(["SHOW POOLS;", "pool_size"]);
    expect(code("Run ``echo `date` ``")).toEqual(["echo `date`"]);
    expect(withoutMarks("**raise `pool_size`** now")).toBe("raise pool_size now");
  });
  it("is not begun by a mark that nothing closes", () => {
    for (const text of ["the ` key", "``` yaml", "a ` b\nc ` d", "it`s", "``"]) {
      expect(code(text)).toEqual([]);
      expect(withoutMarks(text)).toBe(text);
    }
  });
  it("loses nothing of the text beside it", () => {
    expect(withoutMarks("a `b` c `d")).toBe("a b c `d");
  });
});

describe("an instruction above its command", () => {
  it("leaves out the command that is shown below", () => {
    expect(withoutCommand("Suspend the job: `kubectl patch x`", "kubectl patch x")).toBe("Suspend the job");
    expect(withoutCommand("実行計画を確認した: `psql -h db-1`", "psql -h ‹db-1›")).toBe("実行計画を確認した");
  });
  it("keeps what would not read without it", () => {
    for (const [text, command] of [
      ["End them with `SELECT 1`", "SELECT 1"], ["Run `a` and then `b`", "b"], ["`kubectl get pods`", "kubectl get pods"], ["Suspend the job: `kubectl patch x`", "kubectl get y"],
      ["Check `SHOW POOLS;` on pgbouncer", "SHOW POOLS;"], ["Look at it", null],
    ] as const) expect(withoutCommand(text, command)).toBe(text);
  });
});
