// The one way to the server: typed by the committed OpenAPI document, with the session of this browser, errors as problems.
import createClient, { type Middleware } from "openapi-fetch";

import { readable } from "../direction";
import { takeEarly } from "../early-requests";
import type { components, paths } from "./schema";
import { sessionHeaders } from "./session";

export type Schemas = components["schemas"];

/** An error, as a problem of RFC 9457. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly fields: readonly { field: string; message: string }[] = [],
  ) {
    super(detail || title);
  }
}

/** The request with the token of the session, if it changes something; the browser adds the cookie. */
function withToken(request: Request): Request {
  for (const [name, value] of Object.entries(sessionHeaders(request.method))) request.headers.set(name, value);
  return request;
}

const withSession: Middleware = {
  onRequest: ({ request }) => withToken(request),
  async onResponse({ response }) {
    const answer = await readable(response);
    if (!answer.ok) throw await problemOf(answer);
    return answer;
  },
};

export const api = createClient<paths>({ baseUrl: "", fetch: (request) => takeEarly(request) ?? fetch(request) });
api.use(withSession);

/** The body of an answer that the middleware above let through. */
export async function dataOf<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer;
  return data as T;
}

/** What is at a path of this server, as it is. */
export const fetched = async (path: string): Promise<Blob> => (await answered(new Request(path))).blob();

/** Sends a file to a path of this server, and what the server says of it. */
export async function sent<T>(path: string, file: Blob): Promise<T> {
  const response = await answered(new Request(path, { method: "POST", headers: { "Content-Type": file.type || "application/octet-stream" }, body: file }));
  return (await response.json()) as T;
}

async function answered(request: Request): Promise<Response> {
  const response = await readable(await fetch(withToken(request)));
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function problemOf(response: Response): Promise<Problem> {
  const problem: unknown = await response.json().catch(() => null);
  if (typeof problem !== "object" || problem === null) {
    return new Problem(response.status, "The server cannot answer", `It answered ${response.status} ${response.statusText}.`);
  }
  const { title, detail, errors } = problem as Partial<Schemas["Problem"]>;
  return new Problem(response.status, title ?? "The request cannot be answered", detail ?? "", errors ?? []);
}

/** Begins a session with a key. The key goes into this one request and is stored nowhere. */
export async function signInWithKey(key: string): Promise<void> {
  const response = await fetch("/api/v1/session", { method: "POST", headers: { Authorization: `Bearer ${key}` } });
  if (!response.ok) throw await problemOf(response);
}
