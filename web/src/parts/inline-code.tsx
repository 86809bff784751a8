// A sentence with `code` in it, as people read it.
import { Code } from "@mantine/core";

import { codeIn } from "../plain-text";

export const InlineCode = ({ text }: { text: string }) =>
  codeIn(text).map((piece, n) => (piece.code ? <Code key={n} className="onrecall-code">{piece.text}</Code> : piece.text));
