// The address that tools reach this server by.

/** Whether somebody wrote an address that senders can be pointed at. */
export function isAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
