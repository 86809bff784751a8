// Whether everything works, and how to connect what you already run.
import { Badge, Group, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { api, got } from "../api/client";
import { Command } from "../parts/copy";
import { Failure, Waiting } from "../parts/states";

const STATE = { ok: "teal", degraded: "yellow", down: "red" } as const;

export function System() {
  const status = useQuery({ queryKey: ["status"], queryFn: () => got(api.GET("/api/v1/status")), refetchInterval: 10_000 });
  return (
    <Stack gap="md">
      <Title order={1} size="h2">System</Title>
      {status.isPending && <Waiting rows={2} />}
      {status.isError && <Failure error={status.error} again={() => void status.refetch()} />}
      {status.data && (
        <>
          <Paper withBorder p="md">
            <Group justify="space-between">
              <Title order={2} size="h5">Parts</Title>
              <Text size="sm" c="dimmed">OnRecall {status.data.version}</Text>
            </Group>
            <Table.ScrollContainer minWidth={300}>
              <Table>
                <Table.Tbody>
                  {status.data.parts.map((part) => (
                    <Table.Tr key={part.name}>
                      <Table.Td fw={600}>{part.name}</Table.Td>
                      <Table.Td><Badge color={STATE[part.state]} variant="light">{part.state}</Badge></Table.Td>
                      <Table.Td className="onrecall-wrap">{part.detail}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          </Paper>
          <Paper withBorder p="md">
            <Title order={2} size="h5">In memory</Title>
            <Group gap="lg" mt="xs">
              {Object.entries(status.data.counts).map(([name, count]) => <Text key={name} size="sm"><b>{count.toLocaleString()}</b> {name.replaceAll("_", " ")}</Text>)}
            </Group>
          </Paper>
        </>
      )}
      <Senders />
    </Stack>
  );
}

const here = (): string => location.origin;

function Senders() {
  return (
    <Paper withBorder p="md">
      <Title order={2} size="h5">Point what you already run at OnRecall</Title>
      <Stack gap="sm" mt="xs">
        <Text size="sm">Alertmanager, in <code>alertmanager.yml</code>:</Text>
        <Command text={`receivers:\n  - name: onrecall\n    webhook_configs:\n      - url: ${here()}/api/v1/alerts/alertmanager\n        send_resolved: true`} />
        <Text size="sm">Prometheus directly, in <code>prometheus.yml</code>:</Text>
        <Command text={`alerting:\n  alertmanagers:\n    - static_configs:\n        - targets: ["${location.host}"]`} />
        <Text size="sm">Anything that can post JSON:</Text>
        <Command text={`curl -X POST ${here()}/api/v1/alerts/generic -H 'Content-Type: application/json' \\\n  -d '{"id": "disk-1", "title": "Disk full on db-1", "service": "orders-db", "severity": "high"}'`} />
      </Stack>
    </Paper>
  );
}
