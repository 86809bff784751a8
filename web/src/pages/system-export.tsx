// All of memory as one file, which the browser writes to disk and holds none of.
import { Alert, Button, List, Paper, Stack, Text, Title } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";

import { useStatus } from "../live";
import { useMe } from "../me";
import { Command } from "../parts/copy";

export function Export() {
  const me = useMe();
  const status = useStatus();
  const may = me.data === undefined || me.data.role === "admin";
  const [begun, setBegun] = useState(false);
  const download = () => {
    const link = document.createElement("a");
    link.href = "/api/v1/export";
    link.download = "";
    link.click();
    setBegun(true);
  };
  const counts = status.data?.counts;
  return (
    <Paper withBorder p="md" maw={760}>
      <Stack gap="sm" align="flex-start">
        <Title order={2} size="h4">All of memory as one file</Title>
        <Text size="sm">
          A zip with every row as JSON, and beside it the incidents and documents as people and other tools read them
          {counts && <>: now {(counts["incidents"] ?? 0).toLocaleString()} incidents and {(counts["documents"] ?? 0).toLocaleString()} documents</>}. Brought into an empty
          OnRecall, on either database, it gives the same memory.
        </Text>
        <List size="sm">
          <List.Item>In it: incidents, resolutions, answers and what came of them, alerts, notes, changes, runbooks, trust.</List.Item>
          <List.Item>Not in it: keys, the audit, deliveries, what models cost. They belong to this installation.</List.Item>
        </List>
        {!may && <Alert color="yellow">This takes the role admin; you have the role {me.data?.role}.</Alert>}
        <Button leftSection={<IconDownload size={18} aria-hidden />} disabled={!may} onClick={download}>Download all of memory</Button>
        {begun && <Text size="sm" role="status">It is being packed; your browser has it in its downloads once that is done, which takes a while for a large memory.</Text>}
        <Text size="sm" c="dimmed">To bring it in elsewhere, or to look at it:</Text>
        <Command text={"unzip onrecall-*.zip\nonrecall import onrecall-export"} />
      </Stack>
    </Paper>
  );
}
