// All of memory as one file, which the browser writes to disk and holds none of.
import { Alert, Button, List, Paper, Stack, Text, Title } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";

import { countText } from "../format";
import { useStatus } from "../live-updates";
import { useMe } from "../current-user";
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
          A zip with every row as JSON, plus the incidents and documents in readable form
          {counts && <>: now {countText(counts["incidents"] ?? 0, "incident")} and {countText(counts["documents"] ?? 0, "document")}</>}. Imported into an empty store on either database, it recreates the same memory.
        </Text>
        <List size="sm">
          <List.Item>It contains incidents, resolutions, answers with their outcomes, alerts, notes, changes, runbooks and trust.</List.Item>
          <List.Item>It leaves out keys, the audit, deliveries and model costs, which belong to this installation.</List.Item>
        </List>
        {!may && <Alert color="yellow">This requires the role admin; you have the role {me.data?.role}.</Alert>}
        <Button leftSection={<IconDownload size={18} aria-hidden />} disabled={!may} onClick={download}>Download all of memory</Button>
        {begun && <Text size="sm" role="status">The file is being packed. Your browser lists it under downloads when it is complete; a large memory takes a while.</Text>}
        <Text size="sm" c="dimmed">To import it elsewhere, or to look at it:</Text>
        <Command text={"unzip onrecall-*.zip\nonrecall import onrecall-export"} />
      </Stack>
    </Paper>
  );
}
