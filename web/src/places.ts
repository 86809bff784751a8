// The pages of the console, in the order in which they are listed.
import { IconBolt, IconBooks, IconGauge, IconListCheck, IconMessageQuestion, IconRepeat, IconServer, IconSitemap } from "@tabler/icons-react";

export interface Place {
  to: string;
  name: string;
  key: string;
  icon: typeof IconBolt;
  about: string;
}

export const PLACES: readonly Place[] = [
  { to: "/", name: "Now", key: "n", icon: IconBolt, about: "what is open, live" },
  { to: "/ask", name: "Ask", key: "a", icon: IconMessageQuestion, about: "ask memory in your own words" },
  { to: "/services", name: "Services", key: "v", icon: IconSitemap, about: "each with its incidents, runbooks, changes and hours lost" },
  { to: "/memory", name: "Memory", key: "m", icon: IconBooks, about: "old incidents, runbooks, postmortems" },
  { to: "/trust", name: "Trust", key: "t", icon: IconGauge, about: "how often it was right" },
  { to: "/recurrences", name: "Recurrences", key: "r", icon: IconRepeat, about: "what keeps coming back" },
  { to: "/actions", name: "Actions", key: "i", icon: IconListCheck, about: "action items of all incidents, overdue ones first" },
  { to: "/system", name: "System", key: "s", icon: IconServer, about: "parts, senders, keys" },
];

/** Whether a path belongs to a page; an incident belongs to Now. */
export const isAt = (path: string, place: Place): boolean =>
  place.to === "/" ? path === "/" || path.startsWith("/incidents") : path === place.to || path.startsWith(`${place.to}/`);

/** What somebody who was woken needs within reach of a thumb; the rest is one touch further. */
export const AT_HAND = ["Now", "Ask", "Services", "Memory"];
