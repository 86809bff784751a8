// Who is on an incident: shown beside its age, changed with one touch.
import { Autocomplete, Button, Group, Popover, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconUser, IconUserPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { api, dataOf } from "../api/client";
import { mayChange, useMe } from "../current-user";
import type { Incident } from "../format";
import { showError } from "./toasts";

export function Assignee({ incident }: { incident: Incident }) {
  const [opened, { toggle, close }] = useDisclosure(false);
  const locked = !mayChange(useMe().data?.role);
  if (locked) return <Text size="sm" component="span" className="onrecall-wrap">{incident.assignee ?? "Unassigned"}</Text>;
  const label = incident.assignee ? `Assigned to ${incident.assignee}: change` : "Unassigned: assign";
  return (
    <Popover opened={opened} onChange={close} trapFocus position="bottom-start" shadow="md" withinPortal>
      <Popover.Target>
        <Button size="compact-sm" variant={incident.assignee ? "default" : "light"} onClick={toggle} aria-label={label} aria-expanded={opened} maw="14rem"
          leftSection={incident.assignee ? <IconUser size={14} aria-hidden /> : <IconUserPlus size={14} aria-hidden />}>
          <span className="onrecall-ellipsis">{incident.assignee ?? "Unassigned"}</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown>{opened && <Choose incident={incident} close={close} />}</Popover.Dropdown>
    </Popover>
  );
}

function Choose({ incident, close }: { incident: Incident; close: () => void }) {
  const queries = useQueryClient();
  const me = useMe().data?.name;
  const people = useQuery({ queryKey: ["people"], queryFn: () => dataOf(api.GET("/api/v1/people")) });
  const [name, setName] = useState(incident.assignee ?? "");
  const assign = useMutation({
    mutationFn: (assignee: string | null) => dataOf(api.PUT("/api/v1/incidents/{incident_id}/assignee", { params: { path: { incident_id: incident.id } }, body: { assignee } })),
    onSuccess: () => { close(); void queries.invalidateQueries(); },
    onError: showError,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    assign.mutate(name.trim() || null);
  };
  return (
    <form onSubmit={submit} aria-label="assign">
      <Autocomplete label="Who works on it" placeholder="a name" data={people.data?.items ?? []} value={name} onChange={setName} maxLength={200} data-autofocus comboboxProps={{ withinPortal: false }} />
      <Group gap="xs" mt="xs">
        <Button size="xs" type="submit" loading={assign.isPending}>Assign</Button>
        {me && me !== incident.assignee && <Button size="xs" variant="light" onClick={() => assign.mutate(me)}>Assign to me</Button>}
        {incident.assignee && <Button size="xs" variant="default" onClick={() => assign.mutate(null)}>Nobody</Button>}
      </Group>
    </form>
  );
}
