// The senders' pages of the documentation, cut into one guide for each sender, with this server's address in them.
import { lexer, type Token, type Tokens } from "marked";

export interface Guide {
  title: string;
  tokens: Token[];
}

const EXAMPLE = "onrecall.example";
const ROW = /^\| \[(?<title>[^\]]+)\]\([^)]*\) \| `(?<address>[^`]+)` \|/gm;

/** By the address that a sender posts to: what its part of the handbook says. */
export function guides(handbook: string): ReadonlyMap<string, Guide> {
  const parts = new Map<string, Token[]>();
  let part: Token[] | undefined;
  for (const token of lexer(handbook)) {
    if (token.type === "heading" && token.depth <= 2) {
      part = [];
      parts.set(anchor((token as Tokens.Heading).text), part);
    } else if (token.type !== "space") part?.push(token);
  }
  const found = new Map<string, Guide>();
  for (const { groups } of handbook.matchAll(ROW)) {
    const { title = "", address = "" } = groups ?? {};
    const tokens = [...parts].find(([name]) => anchor(title) === name || anchor(title).replace("-jira", "-and-jira") === name)?.[1];
    if (tokens) found.set(address, { title, tokens });
  }
  return found;
}

const anchor = (title: string): string => title.toLowerCase().replace(/[^\p{L}\p{N} -]/gu, "").replaceAll(" ", "-");

/** A piece of configuration as it is to be pasted: with the address of this server, and its scheme. */
export function addressed(text: string, server: string): string {
  const url = new URL(server);
  return text
    .replaceAll(`https://${EXAMPLE}`, url.origin)
    .replaceAll(EXAMPLE, url.host)
    .replace("scheme: https", `scheme: ${url.protocol.replace(":", "")}`);
}

/** Whether somebody wrote an address that senders can be pointed at. */
export function isAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
