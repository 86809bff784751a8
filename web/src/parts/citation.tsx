// Where a step comes from: a button that opens the cited page in place, at the cited line.
import { Anchor, Box, Drawer, Loader, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { api, dataOf, type Schemas } from "../api/client";
import { useFailure } from "../failures";
import { plainText } from "../plain-text";
import { Failure } from "./states";

type Cited = Schemas["CitationOut"];

/** `short` where what stands around it names the page already. */
export function Citation({ citation, short = false }: { citation: Cited; short?: boolean }) {
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <Anchor component="button" type="button" fz="sm" onClick={open} aria-haspopup="dialog" {...(short ? { "aria-label": `${citation.id}, line ${citation.line}` } : {})}>
        {!short && `${citation.id}, `}line {citation.line}
      </Anchor>
      <Drawer opened={opened} onClose={close} position="right" size="lg" title={`${citation.id}, line ${citation.line}`}>
        {opened && <Page id={citation.id} line={citation.line} quote={citation.quote} />}
      </Drawer>
    </>
  );
}

function Page({ id, line, quote }: { id: string; line: number; quote: string }) {
  const page = useQuery({
    queryKey: ["page", id],
    queryFn: () => dataOf(api.GET("/api/v1/pages/{thing_id}", { params: { path: { thing_id: id } } })),
  });
  const failure = useFailure(page);
  if (!page.data) return failure ? <SourceGone error={failure} again={() => void page.refetch()} quote={quote} /> : <Loader aria-label="opening the page" />;
  return <Lines page={page.data} line={line} />;
}

/** The cited page with its numbered lines; the cited one stands out and is scrolled to. */
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

function SourceGone({ error, again, quote }: { error: Error; again: () => void; quote: string }) {
  return (
    <Stack>
      <Failure error={error} again={again} />
      <Text size="sm">Quoted words:</Text>
      <Text className="onrecall-mono">{plainText(quote)}</Text>
    </Stack>
  );
}
