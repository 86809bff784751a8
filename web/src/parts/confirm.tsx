// A question before what can't be undone, in a dialog that says what will happen.
import { Button, Group, Modal, Stack, Title } from "@mantine/core";
import type { ReactNode } from "react";

interface ConfirmProps {
  title: string;
  yes: string;
  opened: boolean;
  busy?: boolean;
  harmless?: boolean;
  onYes: () => void;
  onNo: () => void;
  children: ReactNode;
}

export function Confirm({ title, yes, opened, busy = false, harmless = false, onYes, onNo, children }: ConfirmProps) {
  return (
    <Modal opened={opened} onClose={onNo} title={<Title order={2} size="h4">{title}</Title>}>
      <Stack>
        {children}
        <Group justify="flex-end">
          <Button variant="default" onClick={onNo} data-autofocus>Cancel</Button>
          <Button {...(harmless ? {} : { color: "red.9" })} loading={busy} onClick={onYes}>{yes}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
