// A page of memory, line by line, as answers cite it.
import { Box, Stack } from "@mantine/core";
import { useEffect, useRef } from "react";

import type { Schemas } from "../api/client";
import { plainText } from "../plain-text";

/** A page with its numbered lines; a cited one stands out and is scrolled to. */
export function Lines({ page, line }: { page: Schemas["PageOut"]; line?: number }) {
  const cited = useRef<HTMLDivElement>(null);
  useEffect(() => {
    cited.current?.scrollIntoView({ block: "center" });
  }, [page, line]);
  return (
    <Stack gap={0} role="list" aria-label={page.title}>
      {page.lines.map((row) => (
        <Box
          key={row.n}
          ref={row.n === line ? cited : undefined}
          role="listitem"
          className="onrecall-line"
          data-cited={row.n === line || undefined}
        >
          <span aria-hidden className="onrecall-line-number">{row.n}</span>
          <span className="onrecall-line-text">{plainText(row.text) || "\u00a0"}</span>
        </Box>
      ))}
    </Stack>
  );
}
