// The draft of a postmortem, made from what is on record: to read, to copy, and to save as a file.
import { Button, Code, Drawer, Group, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";

import { api, dataOf } from "../api/client";
import { Copy } from "./copy";
import { QueryState } from "./states";

export function Postmortem({ id }: { id: string }) {
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button variant="default" onClick={open} aria-haspopup="dialog">Postmortem draft</Button>
      <Drawer opened={opened} onClose={close} position="right" size="xl" title={`Postmortem draft, ${id}`}>
        {opened && <Draft id={id} />}
      </Drawer>
    </>
  );
}

function Draft({ id }: { id: string }) {
  const draft = useQuery({
    queryKey: ["postmortem", id],
    queryFn: async () => String(await dataOf<unknown>(api.GET("/api/v1/incidents/{incident_id}/postmortem", { params: { path: { incident_id: id } }, parseAs: "text" }))),
    gcTime: 0,
  });
  if (draft.data === undefined) return <QueryState query={draft} rows={3} />;
  const save = () => {
    const file = URL.createObjectURL(new Blob([draft.data], { type: "text/markdown" }));
    Object.assign(document.createElement("a"), { href: file, download: `${id}-postmortem.md` }).click();
    URL.revokeObjectURL(file);
  };
  return (
    <Stack>
      <Group gap="xs">
        <Button size="xs" onClick={save}>Save as a file</Button>
        <Copy value={draft.data} what="the draft" />
      </Group>
      <Code block className="onrecall-draft">{draft.data}</Code>
    </Stack>
  );
}
