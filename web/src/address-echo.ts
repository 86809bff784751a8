/** Whether an address's text is what this field wrote itself, which takes it and all before it out of what is on its way. */
export function ownEcho(sent: string[], text: string): boolean {
  const at = sent.indexOf(text);
  sent.splice(0, at + 1);
  return at >= 0;
}

/** What the address says now. The router tells of it when it finds time, and whoever changes what it told last takes back what another field wrote meanwhile. */
export const addressNow = (): URLSearchParams => new URLSearchParams(location.search);
