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
          A zip with every row as JSON, and beside it the incidents and documents as people and other tools read them
          {counts && <>: now {(counts["incidents"] ?? 0).toLocaleString()} incidents and {(counts["documents"] ?? 0).toLocaleString()} documents</>}. Brought into an empty
          OnRecall, on either database, it gives the same memory.
        </Text>
        <List size="sm">
          <List.Item>In it: incidents, resolutions, answers and what came of them, alerts, notes, changes, runbooks, trust.</List.Item>
          <List.Item>Not in it: keys, the audit, deliveries, what models cost. They belong to this installation.</List.Item>
        </List>
        {!may && <Alert color="yellow">This takes the role admin; your key has the role {me.data?.role}.</Alert>}
        <Button leftSection={<IconDownload size={18} aria-hidden />} disabled={!may} loading={download.isPending} onClick={() => download.mutate()}>Download all of memory</Button>
        {download.isSuccess && <Text size="sm" role="status">It is being packed; your browser has it in its downloads once that is done, which takes a while for a large memory.</Text>}
        {download.isError && <Failure error={download.error} again={() => download.mutate()} />}
        <Text size="sm" c="dimmed">To bring it in elsewhere, or to look at it:</Text>
        <Command text={"unzip onrecall-*.zip\nonrecall import onrecall-export"} />
      </Stack>
    </Paper>
  );
}
