// The frame around every page: where you are, whether the server is there, and the keyboard.
import { ActionIcon, Alert, Badge, Group, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDisclosure, useDocumentTitle, useHotkeys } from "@mantine/hooks";
import { IconHelp, IconMoon, IconPlugConnectedX, IconSearch, IconSun } from "@tabler/icons-react";
import { Suspense, useEffect, useRef, useState } from "react";
import { Link, Outlet, useLocation, useNavigate } from "react-router";

import { useLoaded, whenIdle } from "./lazily";
import { Live, useConnection, useLive, useNarrow } from "./live-updates";
import { useMe } from "./current-user";
import { ErrorBoundary } from "./parts/error-boundary";
import { Example } from "./parts/hints";
import { SessionGate } from "./parts/session-gate";
import { Waiting } from "./parts/states";
import { NavItem, Tabs } from "./parts/tabs";
import { PLACES } from "./places";

const accountFile = () => import("./parts/account").then((part) => part.Account);
const keyboardFile = () => import("./parts/keyboard").then((part) => part.Keyboard);
const paletteFile = () => import("./parts/command-palette");
const fetchPalette = () => void paletteFile().catch(() => undefined);
const paletteOf = () => paletteFile().then((part) => part.CommandPalette);

const CONNECTION = {
  live: { words: "live", color: "teal" },
  joining: { words: "connecting", color: "gray" },
  away: { words: "reconnecting", color: "red" },
  offline: { words: "offline", color: "red" },
} as const;

export function Shell() {
  return <Live value={useLive()}><Frame /></Live>;
}

function Frame() {
  const narrow = useNarrow();
  const [help, { open: showHelp, close: hideHelp }] = useDisclosure(false);
  const { pathname } = useLocation();
  const [searching, openPalette] = usePalette();
  const Keyboard = useLoaded(keyboardFile, help);
  useKeys(showHelp);
  useDocumentTitle(titleOf(pathname));
  return (
    <div className="onrecall-frame">
      <header className="onrecall-header">
        <Group gap="xs" wrap="nowrap">
          <Link to="/" className="onrecall-brand">OnRecall</Link>
          <Example />
        </Group>
        <Group gap="xs" wrap="nowrap">
          <Connection />
          <ActionIcon variant="subtle" size="lg" onClick={openPalette} onPointerEnter={fetchPalette} onFocus={fetchPalette} aria-label="search"><IconSearch size={18} aria-hidden /></ActionIcon>
          <ActionIcon variant="subtle" size="lg" onClick={showHelp} aria-label="keyboard and help" visibleFrom="sm"><IconHelp size={18} aria-hidden /></ActionIcon>
          <Scheme />
          <SignedIn />
        </Group>
      </header>
      {!narrow && <nav className="onrecall-nav" aria-label="pages">{PLACES.map((place) => <NavItem key={place.to} place={place} className="onrecall-place" />)}</nav>}
      <main className="onrecall-main">
        <Interrupted />
        <SessionGate />
        <ErrorBoundary place={pathname}>
          <Suspense fallback={<Waiting />}>
            <Outlet />
          </Suspense>
        </ErrorBoundary>
      </main>
      {narrow && <Tabs />}
      {searching && <Pages />}
      {help && Keyboard && <Keyboard places={PLACES} onClose={hideHelp} />}
    </div>
  );
}

/** Opens the palette; it is part of the page from the first time on. */
function usePalette(): [boolean, () => void] {
  const [wanted, setWanted] = useState(false);
  const open = () => {
    setWanted(true);
    void paletteFile().then((part) => part.openPalette(), () => undefined);
  };
  useHotkeys([["mod+K", open], ["/", open]]);
  useEffect(() => whenIdle(paletteFile), []);
  return [wanted, open];
}

/** Who is signed in; on a machine of one's own there is nobody to name. */
function SignedIn() {
  const me = useMe();
  const session = me.data?.session?.id;
  useEffect(() => {
    if (session) whenIdle(async () => (await import("./push")).renew());
  }, [session]);
  const Account = useLoaded(accountFile, session !== undefined);
  return session && Account ? <Account /> : null;
}

/** What a tab, a bookmark and the history of a browser call this page: an incident by its id, a service by its name. */
function titleOf(path: string): string {
  const [, place = "", name] = path.split("/");
  if (name && (place === "incidents" || place === "services")) return `${readable(name)} · OnRecall`;
  const page = PLACES.find((candidate) => candidate.to === `/${place}`)?.name;
  return page ? `${page} · OnRecall` : "OnRecall";
}

/** A part of an address as it is read; what is no valid encoding stays as it is. */
function readable(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return part;
    throw error;
  }
}

function Connection() {
  const status = CONNECTION[useConnection()];
  return <Badge color={status.color} variant="dot" tt="none" role="status" className="onrecall-connection">{status.words}</Badge>;
}

function Scheme() {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  return (
    <ActionIcon variant="subtle" size="lg" onClick={() => setColorScheme(dark ? "light" : "dark")} aria-label={dark ? "light colours" : "dark colours"} title={dark ? "light colours" : "dark colours"}>
      {dark ? <IconSun size={18} aria-hidden /> : <IconMoon size={18} aria-hidden />}
    </ActionIcon>
  );
}

/** While nothing new arrives: says so, since when, and that what is shown may be old. */
function Interrupted() {
  const connection = useConnection();
  const [since, setSince] = useState<Date | null>(null);
  const interrupted = connection === "away" || connection === "offline";
  useEffect(() => setSince((old) => (interrupted ? (old ?? new Date()) : null)), [interrupted]);
  if (!interrupted || !since) return null;
  const clock = since.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return (
    <Alert color="orange" mb="sm" p="xs" icon={<IconPlugConnectedX aria-hidden />} title={connection === "offline" ? "This device is offline" : "Disconnected, reconnecting…"}>
      What you see is as of {clock}. It updates by itself once the {connection === "offline" ? "network is back" : "server answers"}.
    </Alert>
  );
}

/** The palette, with the pages of this console. */
function Pages() {
  const go = useNavigate();
  const CommandPalette = useLoaded(paletteOf, true);
  return CommandPalette && (
    <CommandPalette pages={PLACES.map((place) => ({
      id: place.to, label: place.name, description: place.about, onClick: () => void go(place.to), leftSection: <place.icon size={20} aria-hidden />,
    }))} />
  );
}

/** `g` and a letter goes to a page; `?` tells the keys. */
function useKeys(showHelp: () => void) {
  const go = useNavigate();
  const begun = useRef(0);
  useHotkeys([
    ["?", showHelp, { usePhysicalKeys: false }],
    ["shift+?", showHelp],
    ["g", () => { begun.current = Date.now(); }],
    ...PLACES.map((place): [string, () => void] => [
      place.key,
      () => {
        if (Date.now() - begun.current < 1_500) void go(place.to);
        begun.current = 0;
      },
    ]),
  ]);
}
