// Where nothing is remembered yet: bring history in, look at examples, or connect what sends alerts.
import { Button, Group, Stack, Text } from "@mantine/core";
import { Link } from "react-router";

import { useStatus } from "../live-updates";
import { Command } from "./copy";
import { Empty } from "./states";

export function GettingStarted() {
  return (
    <Empty title="Memory is empty">
      <Stack align="center" gap="sm">
        <span>It answers from your own incidents, runbooks and postmortems. Import them, or load the examples to look around.</span>
        <Group gap="xs" justify="center">
          <Button component={Link} to="/memory?import=1">Import history…</Button>
          <Button component={Link} to="/system/senders" variant="default">Connect a source of alerts</Button>
        </Group>
        <Text size="sm">Examples load on the server with this command; <code>onrecall examples remove</code> removes them:</Text>
        <Command text="onrecall import --example" />
      </Stack>
    </Empty>
  );
}

/** Whether there is nothing to answer from. */
export function useIsEmpty(): boolean {
  const counts = useStatus().data?.counts;
  return counts !== undefined && (counts["incidents"] ?? 0) + (counts["documents"] ?? 0) === 0;
}
