// Markdown as it reads where it is shown as plain text: without bold marks and anchors of headings.

const BOLD = /(?<![\w*/\\])\*\*(?=[\w"'`([„“«])([^*\n]*[^\s*/])\*\*(?![\w*/])/g;
const ANCHOR = /[ \t]*\{#[\w-]+\}[ \t]*$/gm;

/** The text without bold marks and anchors; globs, code and all line breaks stay as they are. */
export const plainText = (text: string): string => text.replace(ANCHOR, "").replace(BOLD, "$1");
