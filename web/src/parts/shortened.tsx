// Long text of which the first lines are shown, and all of it when it is touched; made of spans, so that it may stand in a heading.
import { Text, type TextProps, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";

import { InlineCode } from "./inline-code";

const LINE = 40; // characters of a line on a phone

interface ShortenedProps extends TextProps {
  text: string;
  lines: number;
}

export function Shortened({ text, lines, ...style }: ShortenedProps) {
  const [whole, { toggle }] = useDisclosure(false);
  const long = text.length > LINE * lines || text.split("\n").length > lines;
  if (!long) return <Text size="sm" component="span" display="block" {...style} className="onrecall-wrap"><InlineCode text={text} /></Text>;
  return (
    <UnstyledButton onClick={toggle} aria-expanded={whole} title={whole ? "Show less" : "Show all of it"} display="block" w="100%" fz="inherit" fw="inherit">
      <Text size="sm" component="span" {...style} className="onrecall-wrap" {...(whole ? { display: "block" } : { lineClamp: lines })}><InlineCode text={text} /></Text>
    </UnstyledButton>
  );
}
