// What is new, without reloading: the stream's hints have what is shown asked for again, and nothing that they are about is
// polled beside it. While there is no stream, every page asks again by itself, and says when the server is away.
import { useMediaQuery } from "@mantine/hooks";
import { type Query, type QueryClient, queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useState, useSyncExternalStore } from "react";

import { api, dataOf } from "./api/client";
import { ANYWAY_MS, unlessFailed } from "./failures";
import { type Hint, Stream } from "./stream";

const EVERY_MS = 3_000;
const GATHER_MS = 100; // a storm of hints is one question
const LONGEST_MS = 5_000; // how long what is new waits for an answer that does not come
const STATUS_MS = 10_000;

const Streaming = createContext(false);
export const Live = Streaming.Provider;

/** How often to ask again what hints are about: never while the stream tells what is new. */
export const useEvery = (everyMs: number = EVERY_MS): number | false => (useContext(Streaming) ? false : everyMs);

/** The same for what hints are only partly about, such as alerts that end and changes, which belong to no incident: seldom while the stream tells the rest. */
export const useEveryAnyway = (): number => useEvery() || ANYWAY_MS;

/** Keeps the stream open for as long as the page is; whether it is. What hints are about is asked for again. */
export function useLive(): boolean {
  const queries = useQueryClient();
  const [stream] = useState(() => new Stream(asker(queries)));
  useEffect(() => {
    stream.start();
    return () => stream.stop();
  }, [stream]);
  return useSyncExternalStore(stream.subscribe, () => stream.connected);
}

/** Gathers hints, and has what they are about asked for: once at a time, so that a storm of them is no storm of questions. */
export function asker(queries: Pick<QueryClient, "invalidateQueries" | "getQueryCache">): (hint: Hint | null) => void {
  let gathered = new Set<string>();
  let everything = false;
  let busy = false;
  const ask = async () => {
    const about = gathered;
    const all = everything;
    gathered = new Set();
    everything = false;
    await Promise.race([askAgain(queries, ({ queryKey }) => touched(queryKey, about, all)), new Promise((late) => setTimeout(late, LONGEST_MS))]);
    busy = false;
    if (gathered.size || everything) begin();
  };
  const begin = () => {
    busy = true;
    setTimeout(() => void ask(), GATHER_MS);
  };
  return (hint) => {
    if (hint) gathered.add(hint.id);
    else everything = true;
    if (!busy) begin();
  };
}

/** Asks again. The library does not for a first answer that is on its way, which may be older than the hint: after that one. */
async function askAgain(queries: Pick<QueryClient, "invalidateQueries" | "getQueryCache">, predicate: (query: Query) => boolean): Promise<void> {
  const first = new Set(queries.getQueryCache().findAll({ predicate, fetchStatus: "fetching" }).filter(({ state }) => state.data === undefined));
  await queries.invalidateQueries({ predicate });
  if (first.size) await queries.invalidateQueries({ predicate: (query) => first.has(query) });
}

const OF_ANY = new Set<unknown>(["incidents", "suggestions", "together"]);
const OF_ONE = new Set<unknown>(["incident", "actions", "answer", "alerts", "notes", "timeline", "resolutions"]);

/** Whether an answer that is shown may be another one now. What no hint is about (counts, the server's parts) is asked for only where nobody knows what was missed. */
export function touched([name, about]: readonly unknown[], ids: ReadonlySet<string>, all: boolean): boolean {
  if (OF_ANY.has(name)) return true;
  if (name === "status") return all;
  return OF_ONE.has(name) && (all || ids.has(String(about)));
}

/** Whether the server answers: "live", "away" (it is tried again), "offline" without a network, or "joining" at the start. */
export function useConnection(): "live" | "away" | "offline" | "joining" {
  const streaming = useContext(Streaming);
  const online = useSyncExternalStore(onNetwork, () => navigator.onLine);
  const ready = useQuery({
    queryKey: ["healthz"],
    queryFn: async () => (await fetch("/healthz", { cache: "no-store" })).ok,
    refetchInterval: useEvery(),
    retry: false,
  });
  const { refetch } = ready;
  useEffect(() => {
    if (!streaming) void refetch({ cancelRefetch: false });
  }, [streaming, refetch]);
  const queries = useQueryClient();
  const away = !online || (ready.isError && !streaming); // a stream that is there is an answer
  useEffect(() => {
    if (!away) void queries.invalidateQueries({ predicate: (query) => query.state.status === "error" });
  }, [away, queries]);
  if (!online) return "offline";
  if (streaming) return "live";
  if (away) return "away";
  return ready.isPending ? "joining" : "live";
}

function onNetwork(changed: () => void): () => void {
  addEventListener("online", changed);
  addEventListener("offline", changed);
  return () => {
    removeEventListener("online", changed);
    removeEventListener("offline", changed);
  };
}

const TICK_MS = 1_000;
const ticking = new Set<() => void>();
let clock: ReturnType<typeof setInterval> | undefined;

/** One timer for all that shows an age; none while nothing does. */
function onTick(changed: () => void): () => void {
  ticking.add(changed);
  clock ??= setInterval(() => { for (const tell of ticking) tell(); }, TICK_MS);
  return () => {
    ticking.delete(changed);
    if (ticking.size) return;
    clearInterval(clock);
    clock = undefined;
  };
}

/** What is said of a time, such as its age: looked at every second, drawn anew only when it says something else. */
export function useTicking<Words extends string>(say: (now: number) => Words): Words {
  const read = () => say(Date.now());
  return useSyncExternalStore(onTick, read, read);
}

/** The time now, told again every so often, for ages on the screen. */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** Whether something has been waited for so long; where nothing is waited for, no timer draws the page anew. */
export function useLate(ms: number, waiting = true): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!waiting) return;
    const timer = setTimeout(() => setLate(true), ms);
    return () => clearTimeout(timer);
  }, [ms, waiting]);
  return late;
}

/** Whether this is a phone, or as narrow as one. */
export const useNarrow = (): boolean => useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false }) ?? false;

/** Whether a list has no room for columns: a phone, or a tablet beside the list of pages. */
export const useCards = (): boolean => useMediaQuery("(max-width: 64em)", false, { getInitialValueInEffect: false }) ?? false;

export const STATUS = queryOptions({ queryKey: ["status"], queryFn: () => dataOf(api.GET("/api/v1/status")) });

/** The server's parts and counts. Who shows the parts asks again, since no hint tells of them; others only without the stream. */
export function useStatus({ parts = false } = {}) {
  const every = useEvery(STATUS_MS);
  return useQuery({ ...STATUS, refetchInterval: unlessFailed(parts ? STATUS_MS : every) });
}

/** Whether there is nothing to answer from. */
export function useIsEmpty(): boolean {
  const counts = useStatus().data?.counts;
  return counts !== undefined && (counts["incidents"] ?? 0) + (counts["documents"] ?? 0) === 0;
}
