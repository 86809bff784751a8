// What people wrote: as it is until the reader of Markdown has come, which only pages with something to read fetch.
import { Text } from "@mantine/core";
import { Suspense } from "react";

import { lazily } from "../lazily";

const Markdown = lazily(() => import("./markdown").then((part) => part.Markdown));

export const WrittenText = ({ text, pictureHeight }: { text: string; pictureHeight?: number }) => (
  <Suspense fallback={<Text size="sm" className="onrecall-wrap onrecall-as-written">{text}</Text>}>
    <Markdown text={text} breaks {...(pictureHeight ? { pictureHeight } : {})} />
  </Suspense>
);
