import { MantineProvider } from "@mantine/core";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";

import { QueryFailure, QueryState } from "./states";

const waiting = { data: undefined, error: null, errorUpdateCount: 0, isPlaceholderData: false, isPending: true, refetch: () => undefined };
const failed = { ...waiting, error: new Error("it broke"), errorUpdateCount: 1, isPending: false };
const answered = { ...waiting, data: ["a"], isPending: false };

const drawn = (part: React.ReactNode): string => renderToStaticMarkup(<MantineProvider>{part}</MantineProvider>);

test("a question on its way is a skeleton, a failed one an error with another try, an answered one nothing", () => {
  expect(drawn(<QueryState query={waiting} />)).toContain('aria-label="loading"');
  expect(drawn(<QueryState query={failed} />)).toMatch(/role="alert".*Try again/);
  expect(drawn(<QueryState query={failed} />)).not.toContain('aria-label="loading"');
  expect(drawn(<QueryState query={answered} />)).not.toMatch(/loading|alert/);
});

test("an older answer does not hide that asking again failed", () => {
  expect(drawn(<QueryState query={{ ...failed, data: ["a"] }} />)).toContain('role="alert"');
});

test("only a failure is shown where nothing else is to be seen", () => {
  expect(drawn(<QueryFailure query={waiting} />)).not.toMatch(/loading|alert/);
  expect(drawn(<QueryFailure query={failed} />)).toContain('role="alert"');
});
