import { describe, expect, it } from "vitest";

import { inserted, isPicture, picturesIn, unfit } from "./images";

const ID = "0123456789abcdef".repeat(2);
const URL_ = `/api/v1/incidents/INC-7/images/${ID}`;

describe("pictures in notes", () => {
  it.each([
    `https://evil.example${URL_}`, `//evil.example${URL_}`, `${URL_}?x=1`, `/api/v1/incidents/a/b/images/${ID}`, "/api/v1/export", `javascript:alert(1)//${URL_}`, URL_.slice(0, -1), `${URL_}f`,
  ])("are none at %s", (url) => expect(isPicture(url)).toBe(false));

  it("are found, each once", () => {
    const text = `Peak\n\n![graph.png](${URL_})\n\n![](${URL_}) ![elsewhere](https://a.example/b.png)`;
    expect(picturesIn(text)).toEqual([{ name: "graph.png", url: URL_ }]);
  });

  it("are refused before they are sent where the server would", () => {
    expect(unfit({ name: "a.svg", size: 10, type: "image/svg+xml" })).toMatch("not a PNG");
    expect(unfit({ name: "a.png", size: 6e6, type: "image/png" })).toMatch("5 MB");
    expect(unfit({ name: "a.png", size: 10, type: "image/png" })).toBeNull();
  });

  it("stand on lines of their own", () => {
    expect(inserted("", 0, "X")).toBe("X\n");
    expect(inserted("one two", 3, "X")).toBe("one\n\nX\n\n two");
    expect(inserted("one\n", 4, "X")).toBe("one\nX\n");
  });
});
