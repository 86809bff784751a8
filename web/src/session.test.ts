import { describe, expect, it } from "vitest";

import { csrfToken, localPath } from "./api/session";

describe("the token of a session", () => {
  it("is read from the cookie, over TLS from the one with the prefix", () => {
    expect(csrfToken("theme=dark; onrecall-csrf=abc=")).toBe("abc=");
    expect(csrfToken("onrecall-csrf=planted; __Host-onrecall-csrf=right")).toBe("right");
  });
  it("is none where nobody is signed in", () => {
    expect(csrfToken("")).toBeNull();
    expect(csrfToken("not-onrecall-csrf=x; onrecall-csrf=")).toBeNull();
  });
});

describe("after signing in one goes on", () => {
  it("where one came from", () => {
    for (const path of ["/", "/incidents/INC-7?tab=alerts#notes", "/services/a%20b", "/sign-in?done=1"]) expect(localPath(path)).toBe(path);
  });
  it("never elsewhere", () => {
    for (const path of [null, "", "https://evil.example", "//evil.example", "/\\evil.example", "/a\\b", "/ x", "javascript:alert(1)", "/sign-in/callback?code=x"]) {
      expect(localPath(path)).toBe("/");
    }
  });
});
