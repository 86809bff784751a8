// Where a step comes from: a button that opens the cited page in place, at the cited line.
import { Anchor } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Suspense, useState } from "react";

import type { Schemas } from "../api/client";
import { lazily } from "../lazily";

const CitedPage = lazily(() => import("./cited-page").then((part) => part.CitedPage));

/** `short` where what stands around it names the page already. */
export function Citation({ citation, short = false }: { citation: Schemas["CitationOut"]; short?: boolean }) {
  const [opened, { open, close }] = useDisclosure(false);
  const [wanted, setWanted] = useState(false); // a page has dozens of these, each with a drawer that is rarely opened
  const show = () => {
    setWanted(true);
    open();
  };
  return (
    <>
      <Anchor component="button" type="button" fz="sm" onClick={show} aria-haspopup="dialog" {...(short ? { "aria-label": `${citation.id}, line ${citation.line}` } : {})}>
        {!short && `${citation.id}, `}line {citation.line}
      </Anchor>
      {wanted && <Suspense fallback={null}><CitedPage citation={citation} opened={opened} close={close} /></Suspense>}
    </>
  );
}
