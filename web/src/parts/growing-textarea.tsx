// A field for text that grows with what is written in it, up to some lines.
import { Textarea, type TextareaProps } from "@mantine/core";

/** Where the browser does it itself, no script measures the whole page for it. */
const BY_BROWSER = globalThis.CSS?.supports("field-sizing", "content") ?? false;
const EDGES = "calc(var(--input-padding-y, 8px) * 2 + 2px)";
const lines = (count: number): string => `calc(${count} * 1lh + ${EDGES})`;

export function GrowingTextarea({ minRows, maxRows, ...props }: TextareaProps & { minRows: number; maxRows: number }) {
  if (!BY_BROWSER) return <Textarea autosize minRows={minRows} maxRows={maxRows} {...props} />;
  return <Textarea {...props} classNames={{ input: "onrecall-growing" }} styles={{ input: { minHeight: lines(minRows), maxHeight: lines(maxRows) } }} />;
}
