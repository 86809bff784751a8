// Action items as the console groups and words them.
import type { Schemas } from "./api/client";

export type ActionItem = Schemas["TrackedActionOut"];

export interface ActionGroup {
  name: string;
  items: readonly ActionItem[];
  loud: boolean;
}

/** In the order of the list: overdue ones, those with a due date, those without, and the closed ones. */
export function grouped(items: readonly ActionItem[]): ActionGroup[] {
  const open = items.filter((item) => item.state === "open");
  const groups: ActionGroup[] = [
    { name: "Overdue", items: open.filter((item) => item.overdue), loud: true },
    { name: "Due", items: open.filter((item) => item.due && !item.overdue), loud: false },
    { name: "No due date", items: open.filter((item) => !item.due), loud: false },
    { name: "Closed", items: items.filter((item) => item.state !== "open"), loud: false },
  ];
  return groups.filter((group) => group.items.length > 0);
}

const DAY_MS = 86_400_000;

/** "due today", "due in 3 days", "4 days overdue", and the date once that says more; `today` is a day in UTC. */
export function dueText(item: Pick<ActionItem, "due" | "overdue" | "state">, today: string): string | null {
  if (!item.due) return null;
  const date = dayOf(item.due);
  if (item.state !== "open") return `was due ${date}`;
  const days = Math.round((Date.parse(item.due) - Date.parse(today)) / DAY_MS);
  if (days < 0) return `${days === -1 ? "1 day" : `${-days} days`} overdue`;
  if (days === 0) return "due today";
  if (days === 1) return "due tomorrow";
  return days < 14 ? `due in ${days} days` : `due ${date}`;
}

/** A day as it is read, whatever the reader's time zone. */
export const dayOf = (due: string): string => new Date(due).toLocaleDateString(undefined, { year: "numeric", month: "short", day: "numeric", timeZone: "UTC" });

export interface ActionDraft {
  text: string;
  owner: string;
  due: string;
  url: string;
}

export const EMPTY_DRAFT: ActionDraft = { text: "", owner: "", due: "", url: "" };

export const draftOf = (item: ActionItem): ActionDraft => ({ text: item.text, owner: item.owner ?? "", due: item.due ?? "", url: item.url ?? "" });

/** Only what was changed, so that what somebody else changed meanwhile stays; an emptied field is null. */
export function changesOf(before: ActionDraft, now: ActionDraft): Schemas["ActionEditIn"] {
  return {
    ...(now.text.trim() !== before.text ? { text: now.text.trim() } : {}),
    ...(now.owner.trim() !== before.owner ? { owner: now.owner.trim() || null } : {}),
    ...(now.due !== before.due ? { due: now.due || null } : {}),
    ...(now.url.trim() !== before.url ? { url: now.url.trim() || null } : {}),
  };
}

/** An issue in few words: "github.com/acme/shop/issues/7" is "#7 at github.com". */
export function issueName(url: string): string {
  const { host, pathname } = new URL(url);
  const parts = pathname.split("/").filter(Boolean);
  const last = parts.at(-1) ?? "";
  return last ? `${/^\d+$/.test(last) ? `#${last}` : last} at ${host}` : host;
}
