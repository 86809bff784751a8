// The palette: pages, and what holds the words that are typed: incidents, documents and commands with the line that matches.
import { Highlight, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { Spotlight, spotlight, type SpotlightActionData, type SpotlightActionGroupData } from "@mantine/spotlight";
import { IconBooks, IconFlame, IconMessageQuestion, IconSearch, IconTerminal2 } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useNavigate } from "react-router";

import { api, dataOf } from "../api/client";
import { useRecent } from "../recent";
import { addressOf, around, type Match } from "../search";
import { showSuccess } from "./toasts";

const KINDS = [
  { kind: "incident", group: "Incidents", Icon: IconFlame },
  { kind: "document", group: "Documents", Icon: IconBooks },
  { kind: "command", group: "Commands", Icon: IconTerminal2 },
] as const;
const SHORTEST = 2;
const MOST_OF_EACH = 4;
const TYPING_MS = 150;

export function CommandPalette({ pages }: { pages: SpotlightActionData[] }) {
  const go = useNavigate();
  const [query, setQuery] = useState("");
  const [searched] = useDebouncedValue(query.trim(), TYPING_MS);
  const hits = useQuery({
    queryKey: ["search", searched],
    queryFn: () => dataOf(api.GET("/api/v1/search", { params: { query: { q: searched, limit: MOST_OF_EACH } } })),
    enabled: searched.length >= SHORTEST,
    placeholderData: keepPreviousData,
  });
  useFirstSelected(hits.data);
  const words = query.trim().split(/\s+/).filter(Boolean);
  const recent = useRecent();
  const typed = query.trim();
  const matches = searched.length >= SHORTEST && typed ? (hits.data?.items ?? []) : [];
  const named = pages.filter(({ label = "", description = "" }) => words.every((word) => `${label} ${description}`.toLowerCase().includes(word.toLowerCase())));
  const absence = typed.length >= SHORTEST && matches.length === 0 && { description: whyNone(hits.isError, hits.isFetching || typed !== searched) };
  const ask: SpotlightActionData = { id: "ask-this", label: `Ask memory: ${typed}`, ...absence, onClick: () => void go(`/ask?${new URLSearchParams({ q: typed })}`), leftSection: <IconMessageQuestion size={20} aria-hidden /> };
  const groups: SpotlightActionGroupData[] = [
    ...(typed ? [] : [{ group: "Recent", actions: recent.map((item) => ({ id: `recent ${item.id}`, label: item.title, description: item.id, onClick: () => void go(`/incidents/${encodeURIComponent(item.id)}`), leftSection: <IconFlame size={20} aria-hidden /> })) }]),
    ...KINDS.map(({ kind, group, Icon }) => ({
      group, actions: matches.filter((match) => match.kind === kind).map((match, n) => ({
        id: `${kind} ${match.id} ${match.line} ${n}`, onClick: () => open(match), "aria-label": `${group}: ${match.title}, ${match.text}`, children: <Line match={match} words={words} Icon={Icon} />,
      })),
    })),
    { group: "Pages", actions: named },
    ...(typed ? [{ group: "In your own words", actions: [ask] }] : []),
  ].filter((group) => group.actions.length > 0);
  const open = (match: Match) => {
    if (match.kind === "command") void navigator.clipboard.writeText(match.text).then(() => showSuccess("The command is copied. Check its values before you run it."), () => undefined);
    void go(addressOf(match));
  };
  return (
    <Spotlight
      actions={groups} query={query} onQueryChange={setQuery} filter={(_, actions) => actions} shortcut={null} scrollable maxHeight="min(70vh, 560px)"
      transitionProps={AT_ONCE} overlayProps={{ transitionProps: AT_ONCE }}
      searchProps={{ placeholder: "Search incidents, documents, commands", leftSection: <IconSearch size={20} aria-hidden />, "aria-label": "search" }}
    />
  );
}

/** Why no match is shown. */
const whyNone = (failed: boolean, searching: boolean): string =>
  searching ? "Searching…" : failed ? "The server cannot be reached; search works again when it is back." : "Nothing contains all these words.";

/** Opened and closed within a frame: fading would keep whoever types waiting for a tenth of a second. */
const AT_ONCE = { duration: 0 } as const;

/** Selects the best match when matches arrive after the typing, so that Enter opens what stands at the top. */
function useFirstSelected(matches: unknown): void {
  useEffect(() => {
    const actions = document.querySelectorAll(".mantine-Spotlight-action");
    for (const action of actions) action.removeAttribute("data-selected");
    actions[0]?.setAttribute("data-selected", "true");
  }, [matches]);
}

/** The title, and under it the line that holds the words. */
function Line({ match, words, Icon }: { match: Match; words: string[]; Icon: typeof IconFlame }) {
  const about = [match.kind === "command" ? match.title : match.id, match.service, match.status].filter(Boolean).join(" · ");
  const heading = match.kind === "command" ? match.text : match.title;
  return (
    <div className="onrecall-match">
      <Icon size={20} aria-hidden />
      <div>
        <Highlight size="sm" fw={500} highlight={words} component="div" lineClamp={2} {...(match.kind === "command" ? { ff: "monospace" } : {})}>{heading}</Highlight>
        {match.kind !== "command" && match.text.replace(/^#+\s*/, "") !== match.title && <Highlight size="xs" highlight={words} component="div" lineClamp={2}>{around(match.text, words)}</Highlight>}
        <Text size="xs" className="onrecall-match-about" truncate>{about}</Text>
      </div>
    </div>
  );
}

export const openPalette = (): void => spotlight.open();
