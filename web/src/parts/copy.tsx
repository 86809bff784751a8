import { ActionIcon, Box, Code, CopyButton, Group, Tooltip, UnstyledButton } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";

/** A button that puts a text on the clipboard; with `hold` it asks first. */
export function Copy({ value, what, hold }: { value: string; what: string; hold?: () => void }) {
  return (
    <CopyButton value={value} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? "copied" : `copy ${what}`} withArrow>
          <ActionIcon variant="subtle" size="lg" onClick={hold ?? copy} aria-label={`copy ${what}`}>
            {copied ? <IconCheck size={18} aria-hidden /> : <IconCopy size={18} aria-hidden />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

/** A command to run, with its copy button; long ones scroll inside their box. */
export function Command({ text }: { text: string }) {
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start">
      <Code block flex={1} className="onrecall-command" tabIndex={0}>
        {text}
      </Code>
      <Copy value={text} what="the command" />
    </Group>
  );
}

const SHOWN = 18;

/** A long id, cut in the middle; a click copies it whole. */
export function Id({ value }: { value: string }) {
  const cut = value.length > SHOWN ? `${value.slice(0, 10)}…${value.slice(-6)}` : value;
  return (
    <CopyButton value={value} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? "copied" : value} withArrow>
          <UnstyledButton onClick={copy} aria-label={`copy the id ${value}`}>
            <Box component="span" className="onrecall-mono" fz="sm">
              {cut}
            </Box>
          </UnstyledButton>
        </Tooltip>
      )}
    </CopyButton>
  );
}
