// Long text of which the first lines are shown, and all of it when it is touched.
import { Text, type TextProps, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";

const LINE = 40; // characters of a line on a phone

interface ShortenedProps extends TextProps {
  text: string;
  lines: number;
}

export function Shortened({ text, lines, ...style }: ShortenedProps) {
  const [whole, { toggle }] = useDisclosure(false);
  const long = text.length > LINE * lines || text.split("\n").length > lines;
  if (!long) return <Text size="sm" {...style} className="onrecall-wrap">{text}</Text>;
  return (
    <UnstyledButton onClick={toggle} aria-expanded={whole} title={whole ? "less" : "all of it"} display="block" w="100%">
      <Text size="sm" {...style} className="onrecall-wrap" {...(whole ? {} : { lineClamp: lines })}>{text}</Text>
    </UnstyledButton>
  );
}
