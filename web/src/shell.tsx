// The frame around every page: where you are, whether the server is there, and the keyboard.
import {
  ActionIcon, Alert, AppShell, Badge, Group, Kbd, Modal, NavLink, Table, Text, Title, Tooltip,
  useComputedColorScheme, useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure, useDocumentTitle, useHotkeys } from "@mantine/hooks";
import {
  IconBolt, IconBooks, IconGauge, IconHelp, IconMessageQuestion, IconMoon, IconPlugConnectedX, IconRepeat, IconSearch, IconServer, IconSitemap, IconSun,
} from "@tabler/icons-react";
import { type ReactNode, Suspense, useEffect, useRef, useState } from "react";
import { Link, Outlet, useLocation, useNavigate } from "react-router";

import { Live, useConnection, useLive, useNarrow } from "./live-updates";
import { Account } from "./parts/account";
import { ErrorBoundary } from "./parts/error-boundary";
import { Example } from "./parts/hints";
import { openPalette, CommandPalette } from "./parts/command-palette";
import { SessionGate } from "./parts/session-gate";
import { Waiting } from "./parts/states";

interface Place {
  to: string;
  name: string;
  key: string;
  icon: typeof IconBolt;
  about: string;
}

const PLACES: readonly Place[] = [
  { to: "/", name: "Now", key: "n", icon: IconBolt, about: "what is open, live" },
  { to: "/ask", name: "Ask", key: "a", icon: IconMessageQuestion, about: "ask memory in your own words" },
  { to: "/services", name: "Services", key: "v", icon: IconSitemap, about: "each with its incidents, runbooks, changes and hours lost" },
  { to: "/memory", name: "Memory", key: "m", icon: IconBooks, about: "old incidents, runbooks, postmortems" },
  { to: "/trust", name: "Trust", key: "t", icon: IconGauge, about: "how often it was right" },
  { to: "/recurrences", name: "Recurrences", key: "r", icon: IconRepeat, about: "what keeps coming back" },
  { to: "/system", name: "System", key: "s", icon: IconServer, about: "parts, senders, keys" },
];
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
  useKeys(showHelp);
  useDocumentTitle(titleOf(pathname));
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 208, breakpoint: "sm", collapsed: { mobile: true } }}
      {...(narrow ? { footer: { height: 58 } } : {})}
      padding={{ base: "sm", sm: "lg" }}
    >
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Text fw={800} component={Link} to="/" c="inherit" td="none">OnRecall</Text>
            <Example />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <Connection />
            <ActionIcon variant="subtle" size="lg" onClick={openPalette} aria-label="search"><IconSearch size={18} aria-hidden /></ActionIcon>
            <ActionIcon variant="subtle" size="lg" onClick={showHelp} aria-label="keyboard and help" visibleFrom="sm"><IconHelp size={18} aria-hidden /></ActionIcon>
            <Scheme />
            <Account />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" component="nav" aria-label="pages">
        {PLACES.map((place) => <Wide key={place.to} place={place} />)}
      </AppShell.Navbar>
      {narrow && (
        <AppShell.Footer component="nav" aria-label="pages">
          <div className="onrecall-tabs">{PLACES.map((place) => <Tab key={place.to} place={place} />)}</div>
        </AppShell.Footer>
      )}
      <AppShell.Main>
        <Interrupted />
        <SessionGate />
        <ErrorBoundary place={pathname}>
          <Suspense fallback={<Waiting />}>
            <Outlet />
          </Suspense>
        </ErrorBoundary>
      </AppShell.Main>
      <Pages />
      <Modal opened={help} onClose={hideHelp} title={<Title order={2} size="h4">Keyboard</Title>}><Help /></Modal>
    </AppShell>
  );
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

const here = (path: string, place: Place): boolean =>
  place.to === "/" ? path === "/" || path.startsWith("/incidents") : path.startsWith(place.to);

function Wide({ place }: { place: Place }) {
  const active = here(useLocation().pathname, place);
  return (
    <NavLink component={Link} to={place.to} label={place.name} active={active} {...(active ? { "aria-current": "page" as const } : {})}
      leftSection={<place.icon size={18} aria-hidden />} />
  );
}

function Tab({ place }: { place: Place }) {
  const active = here(useLocation().pathname, place);
  return (
    <Link to={place.to} className="onrecall-tab" {...(active ? { "aria-current": "page" as const } : {})}>
      <place.icon size={20} aria-hidden />
      {place.name === "Recurrences" ? "Recurring" : place.name}
    </Link>
  );
}

function Connection() {
  const status = CONNECTION[useConnection()];
  return <Badge color={status.color} variant="dot" tt="none" role="status" className="onrecall-connection">{status.words}</Badge>;
}

function Scheme() {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  return (
    <Tooltip label={dark ? "light colours" : "dark colours"}>
      <ActionIcon variant="subtle" size="lg" onClick={() => setColorScheme(dark ? "light" : "dark")} aria-label={dark ? "light colours" : "dark colours"}>
        {dark ? <IconSun size={18} aria-hidden /> : <IconMoon size={18} aria-hidden />}
      </ActionIcon>
    </Tooltip>
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
  return (
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

const Help = () => (
  <Table>
    <Table.Tbody>
      <Key keys={["j", "k"]}>next and previous incident</Key>
      <Key keys={["Enter"]}>open it</Key>
      <Key keys={["/"]}>search incidents, documents and commands; also ⌘K or Ctrl K</Key>
      {PLACES.map((place) => <Key key={place.to} keys={["g", place.key]}>{place.name}: {place.about}</Key>)}
      <Key keys={["?"]}>this list</Key>
    </Table.Tbody>
  </Table>
);

const Key = ({ keys, children }: { keys: string[]; children: ReactNode }) => (
  <Table.Tr>
    <Table.Td>{keys.map((key) => <Kbd key={key} mr={4}>{key}</Kbd>)}</Table.Td>
    <Table.Td>{children}</Table.Td>
  </Table.Tr>
);
