// Answers that were asked for before the page's script came, by address; each is handed out once.
const pending = new Map<string, Promise<Response>>();

/** An address as it is compared: two spellings of the same question are one. */
const normalized = (address: string): string => {
  const { pathname, searchParams } = new URL(address, location.origin);
  searchParams.sort();
  return `${pathname}?${searchParams}`;
};

/** Asks at once; `takeEarly` hands out the answer. */
export function askEarly(address: string): void {
  const answer = fetch(address);
  answer.catch(() => undefined); // whoever takes it hears of it
  pending.set(normalized(address), answer);
}

/** The answer to a question that was asked early, or nothing. */
export function takeEarly({ method, url }: Pick<Request, "method" | "url">): Promise<Response> | undefined {
  if (method !== "GET") return undefined;
  const key = normalized(url);
  const answer = pending.get(key);
  pending.delete(key);
  return answer;
}
