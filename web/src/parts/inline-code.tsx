// A sentence of the server with `code` in it, as people read it.
import { Code } from "@mantine/core";

export const InlineCode = ({ text }: { text: string }) =>
  text.split(/`([^`]+)`/).map((piece, n) => (n % 2 ? <Code key={n}>{piece}</Code> : piece));
