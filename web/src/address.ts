// Addresses: that tools reach this server by, and that the console's pages had before they were real paths.

/** Whether somebody wrote an address that senders can be pointed at. */
export function isAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** The address of today for one like `#/incidents/INC-7`; null for every other one, also for what would leave this server. */
export function fromHash(hash: string): string | null {
  return /^#\/(?![/\\])/.test(hash) ? hash.slice(1) : null;
}

/** Puts old links in place of which new ones stand, also where one is opened while the console is already there. */
export function redirectOldLinks(): void {
  const current = fromHash(location.hash);
  if (current) history.replaceState(null, "", current);
  addEventListener("hashchange", () => {
    const target = fromHash(location.hash);
    if (target) location.replace(target);
  });
}

/** What tells an address from others: the last part of its path where they are at the same host, or else its host. */
export function distinctName(address: string, all: readonly string[]): string {
  const { hostname, pathname } = new URL(address);
  const last = pathname.split("/").filter(Boolean).at(-1);
  const atSameHost = all.filter((other) => new URL(other).hostname === hostname).length > 1;
  return atSameHost && last ? last : hostname;
}
