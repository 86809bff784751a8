// Answers that were asked for before the page's script came, by address; each is handed out once, while it is fresh.
const FRESH_MS = 10_000;
const pending = new Map<string, Promise<Response>>();

/** An address as it is compared: two spellings of the same question are one. */
const normalized = (address: string): string => {
  const { pathname, searchParams } = new URL(address, location.origin);
  searchParams.sort();
  return `${pathname}?${searchParams}`;
};

/** Asks at once; `takeEarly` hands out the answer, until it is too old to be shown as what is so now. */
export function askEarly(address: string): void {
  const key = normalized(address);
  const answer = fetch(address);
  pending.set(key, answer);
  const forget = () => setTimeout(() => {
    if (pending.get(key) === answer) pending.delete(key);
  }, FRESH_MS);
  answer.then(forget, forget); // an error, too: whoever takes it hears of it
}

/** The answer to a question that was asked early, or nothing. */
export function takeEarly({ method, url }: Pick<Request, "method" | "url">): Promise<Response> | undefined {
  if (method !== "GET") return undefined;
  const key = normalized(url);
  const answer = pending.get(key);
  pending.delete(key);
  return answer;
}
