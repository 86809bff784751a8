// The page that an answer cites, beside the answer, at the cited line. It comes when somebody opens one.
import { Drawer, Loader, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { api, dataOf, type Schemas } from "../api/client";
import { useFailure } from "../failures";
import { plainText } from "../plain-text";
import { Lines } from "./page-lines";
import { Failure } from "./states";

export function CitedPage({ citation: { id, line, quote }, opened, close }: { citation: Schemas["CitationOut"]; opened: boolean; close: () => void }) {
  const [shown, setShown] = useState(false); // it opens after it has come, or it would not know where the keyboard was before
  useEffect(() => setShown(opened), [opened]);
  return (
    <Drawer opened={shown} onClose={close} position="right" size="lg" title={`${id}, line ${line}`}>
      {shown && <Page id={id} line={line} quote={quote} />}
    </Drawer>
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

function SourceGone({ error, again, quote }: { error: Error; again: () => void; quote: string }) {
  return (
    <Stack>
      <Failure error={error} again={again} />
      <Text size="sm">Quoted words:</Text>
      <Text className="onrecall-mono">{plainText(quote)}</Text>
    </Stack>
  );
}
