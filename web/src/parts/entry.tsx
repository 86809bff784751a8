// One entry of a list: what it is, what there is to say of it, what can be done. Reads the same wide and on a phone.
import { Group, Paper, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

interface EntryProps {
  name: ReactNode;
  badges?: ReactNode;
  about?: ReactNode;
  actions?: ReactNode;
  label?: string;
  children?: ReactNode;
}

export function Entry({ name, badges, about, actions, label, children }: EntryProps) {
  return (
    <Paper withBorder p="sm" role="listitem" {...(label ? { "aria-label": label } : {})}>
      <Stack gap={6}>
        <Group justify="space-between" gap="xs">
          <Group gap={6} miw={0}>
            <Text fw={600} size="sm" component="span" className="onrecall-wrap">{name}</Text>
            {badges}
          </Group>
          {actions && <Group gap="xs">{actions}</Group>}
        </Group>
        {about && <Text size="sm" c="dimmed" component="div" className="onrecall-wrap">{about}</Text>}
        {children}
      </Stack>
    </Paper>
  );
}

export const Entries = ({ label, children }: { label: string; children: ReactNode }) => (
  <Stack gap="xs" role="list" aria-label={label}>{children}</Stack>
);
