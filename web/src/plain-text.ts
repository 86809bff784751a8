// Markdown as it reads where it is shown as plain text: without bold marks and anchors of headings, code apart.

const BOLD = /(?<![\w*/\\])\*\*(?=[\w"'`([„“«])([^*\n]*[^\s*/])\*\*(?![\w*/])/g;
const ANCHOR = /[ \t]*\{#[\w-]+\}[ \t]*$/gm;
const CODE = /(?<!`)(`{1,2})(?!`)([^\n]*?[^`\n])\1(?!`)/g;

/** The text without bold marks and anchors; globs, code and all line breaks stay as they are. */
export const plainText = (text: string): string => text.replace(ANCHOR, "").replace(BOLD, "$1");

export interface Piece {
  text: string;
  code: boolean;
}

/** The text cut into prose and `code`; a mark without its partner stays as it was written. */
export function codeIn(text: string): Piece[] {
  const pieces: Piece[] = [];
  const plain = plainText(text);
  let at = 0;
  for (const match of plain.matchAll(CODE)) {
    if (match.index > at) pieces.push({ text: plain.slice(at, match.index), code: false });
    pieces.push({ text: match[2]!.trim() || match[2]!, code: true });
    at = match.index + match[0].length;
  }
  if (at < plain.length) pieces.push({ text: plain.slice(at), code: false });
  return pieces;
}

/** The text without marks of code and bold, for a line or an attribute that shows neither. */
export const withoutMarks = (text: string): string => codeIn(text).map((piece) => piece.text).join("");

const MASK = /[‹›]/g;
const LEADS_TO_COMMAND = /\s*[:：–—-]\s*$/;

/** An instruction without the command at its end, where the command is shown below it: "Suspend the job: `kubectl …`". */
export function withoutCommand(text: string, command: string | null): string {
  const pieces = codeIn(text);
  const last = pieces.at(-1);
  const before = pieces.at(-2);
  if (!command || !last?.code || !before || last.text !== command.replace(MASK, "") || !LEADS_TO_COMMAND.test(before.text)) return text;
  return text.slice(0, text.lastIndexOf("`", text.lastIndexOf(last.text))).replace(/`$/, "").replace(LEADS_TO_COMMAND, "");
}
