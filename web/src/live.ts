// What is new, without reloading: every page asks again while the tab is looked at, and says when the server is away.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";

import { api, got } from "./api/client";

export const EVERY_MS = 3_000;

/** Whether the server answers: "live", "away" (it is tried again), or "joining" at the start. */
export function useConnection(): "live" | "away" | "joining" {
  const online = useSyncExternalStore(onNetwork, () => navigator.onLine);
  const ready = useQuery({
    queryKey: ["healthz"],
    queryFn: async () => (await fetch("/healthz", { cache: "no-store" })).ok,
    refetchInterval: EVERY_MS,
    retry: false,
  });
  const queries = useQueryClient();
  const away = !online || ready.isError;
  useEffect(() => {
    if (!away) void queries.invalidateQueries({ predicate: (query) => query.state.status === "error" });
  }, [away, queries]);
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

export const useStatus = () =>
  useQuery({ queryKey: ["status"], queryFn: () => got(api.GET("/api/v1/status")), refetchInterval: 10_000 });
