// What is new, without reloading: the stream's hints have what is shown asked for again. While there is no stream, every
// page asks again by itself, and says when the server is away.
import { useMediaQuery } from "@mantine/hooks";
import { type QueryClient, queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useState, useSyncExternalStore } from "react";

import { api, dataOf } from "./api/client";
import { type Hint, Stream } from "./stream";

const EVERY_MS = 3_000;
export const ANYWAY_MS = 15_000;
const GATHER_MS = 100; // a storm of hints is one question

const Streaming = createContext(false);
export const Live = Streaming.Provider;

/** How often to ask again: seldom while the stream tells what is new. */
export const useEvery = (): number => (useContext(Streaming) ? ANYWAY_MS : EVERY_MS);

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

function asker(queries: QueryClient): (hint: Hint | null) => void {
  let gathered = new Set<string>();
  let everything = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ask = () => {
    const about = gathered;
    const all = everything;
    timer = undefined;
    gathered = new Set();
    everything = false;
    void queries.invalidateQueries({ predicate: ({ queryKey }) => touched(queryKey, about, all) });
  };
  return (hint) => {
    if (hint) gathered.add(hint.id);
    else everything = true;
    timer ??= setTimeout(ask, GATHER_MS);
  };
}

const OF_ONE = new Set<unknown>(["incident", "actions", "answer", "alerts", "notes", "timeline", "resolutions"]);

/** Whether an answer that is shown may be another one now. */
export function touched([name, about]: readonly unknown[], ids: ReadonlySet<string>, all: boolean): boolean {
  if (name === "incidents") return true;
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
  useEffect(() => void refetch({ cancelRefetch: false }), [streaming, refetch]);
  const queries = useQueryClient();
  const away = !online || ready.isError;
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

/** The time now, told again every so often, for ages on the screen. */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** Whether this is a phone, or as narrow as one. */
export const useNarrow = (): boolean => useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false }) ?? false;

/** Whether a list has no room for columns: a phone, or a tablet beside the list of pages. */
export const useCards = (): boolean => useMediaQuery("(max-width: 64em)", false, { getInitialValueInEffect: false }) ?? false;

export const STATUS = queryOptions({ queryKey: ["status"], queryFn: () => dataOf(api.GET("/api/v1/status")) });
export const useStatus = () => useQuery({ ...STATUS, refetchInterval: 10_000 });

/** Whether there is nothing to answer from. */
export function useIsEmpty(): boolean {
  const counts = useStatus().data?.counts;
  return counts !== undefined && (counts["incidents"] ?? 0) + (counts["documents"] ?? 0) === 0;
}
