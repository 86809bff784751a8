// A command of an earlier incident: its values are fields, filled with today's, and it is copied filled or knowingly.
import { Alert, Box, Button, Code, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { createContext, useContext, useState } from "react";

import { filled, type Labels, pieces, unfilled, type Values, valuesNow } from "../placeholders";
import type { Step } from "../format";
import { Command, Copy } from "./copy";

const CurrentLabels = createContext<Labels>([]);
/** The labels of the incident and its alerts, from which fields are filled. */
export const LabelsNow = CurrentLabels.Provider;

export function StepCommand({ step, command }: { step: Pick<Step, "placeholders">; command: string }) {
  const labels = useContext(CurrentLabels);
  const [typed, setTyped] = useState<Values>({});
  const placeholders = step.placeholders ?? [];
  if (placeholders.length === 0) return <Command text={command} />;
  const suggested = valuesNow(placeholders, labels);
  const values = { ...suggested, ...typed };
  const missing = unfilled(placeholders, values);
  return (
    <Stack gap={6}>
      <Group gap="xs" wrap="nowrap" align="flex-start">
        <Code block flex={1} className="onrecall-command" tabIndex={0}>
          {pieces(command).map((piece, n) =>
            piece.old === undefined ? piece.text : <Box key={n} component="mark" className="onrecall-placeholder" data-filled={Boolean(values[piece.old]?.trim()) || undefined}>{values[piece.old]?.trim() || piece.text}</Box>)}
        </Code>
        <CopyFilled text={filled(command, values)} missing={missing} />
      </Group>
      <Group gap="xs" align="flex-end">
        {placeholders.map(({ value, kind }) => (
          <TextInput key={value} size="xs" flex="1 1 10rem" label={`Your ${kind} (last time ${value})`} placeholder={value} value={values[value] ?? ""} autoComplete="off" spellCheck={false}
            {...(suggested[value] && typed[value] === undefined ? { description: "from the alert’s labels" } : {})}
            onChange={(event) => setTyped({ ...typed, [value]: event.currentTarget.value })} />
        ))}
      </Group>
    </Stack>
  );
}

/** Copies at once what is filled; what is not is copied only after a second look. */
function CopyFilled({ text, missing }: { text: string; missing: readonly string[] }) {
  const [warned, setWarned] = useState(false);
  if (missing.length === 0) return <Copy value={text} what="the command" />;
  if (!warned) return <Copy value={text} what="the command" hold={() => setWarned(true)} />;
  return (
    <Alert color="orange" p="xs" role="alert" icon={<IconAlertTriangle aria-hidden />} maw="16rem">
      <Text size="xs" className="onrecall-wrap">{missing.join(", ")} {missing.length === 1 ? "is a value" : "are values"} of the old incident. Fill {missing.length === 1 ? "it" : "them"} in first.</Text>
      <Group gap={4} mt={4}>
        <Button size="compact-xs" variant="default" onClick={() => { void navigator.clipboard.writeText(text); setWarned(false); }}>Copy it anyway</Button>
        <Button size="compact-xs" variant="subtle" onClick={() => setWarned(false)}>Back</Button>
      </Group>
    </Alert>
  );
}
