// The incidents that were looked at last in this browser.
import { useEffect, useState } from "react";
import { useLocation } from "react-router";

import type { Schemas } from "./api/client";

const RECENT = "onrecall-recent";
const MOST_RECENT = 5;

type Recent = Pick<Schemas["IncidentOut"], "id" | "title">;

function storedIncidents(): Recent[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(RECENT) ?? "[]");
    return Array.isArray(stored) ? stored.filter((incident): incident is Recent => typeof incident?.id === "string" && typeof incident?.title === "string") : [];
  } catch {
    return [];
  }
}

/** Puts an incident that is looked at before the others that were. */
export function useRemember({ id, title }: Recent): void {
  useEffect(() => {
    const others = storedIncidents().filter((incident) => incident.id !== id);
    localStorage.setItem(RECENT, JSON.stringify([{ id, title }, ...others].slice(0, MOST_RECENT)));
  }, [id, title]);
}

/** The incidents that were looked at last, read again at each page. */
export function useRecent(): Recent[] {
  const { pathname } = useLocation();
  const [recent, setRecent] = useState<Recent[]>([]);
  useEffect(() => setRecent(storedIncidents()), [pathname]);
  return recent;
}

// What was looked at belongs to one team: another one's incidents have the same ids.
export const forgetRecent = (): void => localStorage.removeItem(RECENT);
