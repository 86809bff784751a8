// For who is here for the first time: what this is, in three sentences, until it is put away.
import { ActionIcon, Badge, Group, List, Paper, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";

import { useStatus } from "../live-updates";

const SEEN = "onrecall-hints-seen";

export function Hints() {
  const [seen, setSeen] = useState(() => localStorage.getItem(SEEN) !== null);
  if (seen) return null;
  const away = () => {
    localStorage.setItem(SEEN, "yes");
    setSeen(true);
  };
  return (
    <Paper withBorder p="sm" component="section" aria-label="what this is" className="onrecall-hints">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Text fw={700} size="sm">OnRecall remembers what broke, and what fixed it.</Text>
        <ActionIcon variant="subtle" color="gray" onClick={away} aria-label="dismiss this"><IconX size={16} aria-hidden /></ActionIcon>
      </Group>
      <List size="sm" type="ordered" spacing={2} pr="md">
        <List.Item>New alerts appear here within seconds, marked <strong>seen before</strong> or <strong>never seen</strong>.</List.Item>
        <List.Item>Open one to see the likely cause, the <strong>first safe step</strong>, and the source of every step.</List.Item>
        <List.Item>Record what fixed it, and OnRecall recognizes the next one. Or <Link to="/ask">ask</Link> in your own words.</List.Item>
      </List>
    </Paper>
  );
}

/** Says that what is shown here never happened, where that is so. */
export function Example() {
  const examples = useStatus().data?.counts["examples"] ?? 0;
  return examples > 0 ? <Badge variant="light" color="grape" tt="none" flex="none" title={examples === 1 ? "1 incident is a fictitious example" : `${examples} incidents are fictitious examples`}>examples</Badge> : null;
}
