// All of memory as one file. A ticket stands for the key, so that the browser writes it to disk and holds none of it.
import { Alert, Button, List, Paper, Stack, Text, Title } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";

import { api, got } from "../api/client";
import { useStatus } from "../live";
import { useMe } from "../me";
import { Command } from "../parts/copy";
import { Failure } from "../parts/states";

export function Export() {
  const me = useMe();
  const status = useStatus();
  const may = me.data === undefined || me.data.role === "admin";
  const download = useMutation({
    mutationFn: async () => {
      const { ticket } = await got(api.POST("/api/v1/live/ticket"));
      const link = document.createElement("a");
      link.href = `/api/v1/export?${new URLSearchParams(me.data?.locked ? { ticket } : {})}`;
      link.download = "";
      link.click();
    },
  });
  const counts = status.data?.counts;
  return (
    <Paper withBorder p="md" maw={760}>
      <Stack gap="sm" align="flex-start">
        <Title order={2} size="h4">All of memory as one file</Title>
        <Text size="sm">
          A zip with every row as JSON, plus the incidents and documents in readable form
          {counts && <>: now {(counts["incidents"] ?? 0).toLocaleString()} incidents and {(counts["documents"] ?? 0).toLocaleString()} documents</>}. Imported into an empty store on either database, it recreates the same memory.
        </Text>
        <List size="sm">
          <List.Item>It contains incidents, resolutions, answers with their outcomes, alerts, notes, changes, runbooks and trust.</List.Item>
          <List.Item>It leaves out keys, the audit, deliveries and model costs, which belong to this installation.</List.Item>
        </List>
        {!may && <Alert color="yellow">This requires the role admin; your key has the role {me.data?.role}.</Alert>}
        <Button leftSection={<IconDownload size={18} aria-hidden />} disabled={!may} loading={download.isPending} onClick={() => download.mutate()}>Download all of memory</Button>
        {download.isSuccess && <Text size="sm" role="status">The file is being packed. Your browser lists it under downloads when it is complete; a large memory takes a while.</Text>}
        {download.isError && <Failure error={download.error} again={() => download.mutate()} />}
        <Text size="sm" c="dimmed">To import it elsewhere, or to look at it:</Text>
        <Command text={"unzip onrecall-*.zip\nonrecall import onrecall-export"} />
      </Stack>
    </Paper>
  );
}
