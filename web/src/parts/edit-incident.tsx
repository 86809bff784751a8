// Title, service, severity, tags and labels of an incident, changed in place of its head.
import { Autocomplete, Button, Group, Paper, Select, Stack, TagsInput, Text, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { api, dataOf, Problem, type Schemas } from "../api/client";
import { labelChanges, labelLines, readLabels } from "../labels";
import { type Incident, SEVERITY } from "../format";
import { Failure } from "./states";

type Edit = Schemas["IncidentEditIn"];
const SEVERITIES = Object.keys(SEVERITY) as Incident["severity"][];

interface Draft {
  title: string;
  service: string;
  severity: Incident["severity"];
  tags: string[];
  labels: string;
}

const draftOf = (incident: Incident): Draft => ({
  title: incident.title, service: incident.service ?? "", severity: incident.severity, tags: [...(incident.tags ?? [])], labels: labelLines(incident.labels),
});

/** Only what was changed here, so that what somebody else changed meanwhile stays. */
function changesOf(before: Draft, now: Draft, labels: Readonly<Record<string, string>>, stored: Incident["labels"]): Edit {
  return {
    ...(now.title.trim() !== before.title ? { title: now.title.trim() } : {}),
    ...(now.service.trim() !== before.service ? { service: now.service.trim() || null } : {}),
    ...(now.severity !== before.severity ? { severity: now.severity } : {}),
    ...(now.tags.join("\n") !== before.tags.join("\n") ? { tags: now.tags } : {}),
    ...(now.labels !== before.labels ? { labels: labelChanges(stored, labels) } : {}),
  };
}

export function EditIncident({ incident, close }: { incident: Incident; close: () => void }) {
  const queries = useQueryClient();
  const [opened] = useState(incident);
  const [draft, setDraft] = useState(() => draftOf(incident));
  const change = (part: Partial<Draft>) => setDraft((old) => ({ ...old, ...part }));
  const services = useQuery({ queryKey: ["incidents", "services", draft.service], queryFn: () => dataOf(api.GET("/api/v1/services", { params: { query: { limit: 20, ...(draft.service.trim() ? { q: draft.service.trim() } : {}) } } })) });
  const labels = readLabels(draft.labels);
  const save = useMutation({
    mutationFn: (body: Edit) => dataOf(api.PATCH("/api/v1/incidents/{incident_id}", { params: { path: { incident_id: incident.id } }, body })),
    onSuccess: () => { close(); void queries.invalidateQueries(); },
  });
  const errorOf = (field: string) => (save.error instanceof Problem ? save.error.fields.find((wrong) => wrong.field === field || wrong.field.startsWith(`${field}.`))?.message : undefined);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if ("wrong" in labels || !draft.title.trim()) return;
    const body = changesOf(draftOf(opened), draft, labels.labels, opened.labels);
    if (Object.keys(body).length === 0) close();
    else save.mutate(body);
  };
  return (
    <Paper withBorder p="md" component="form" onSubmit={submit} aria-label="edit the incident" onKeyDown={(event) => { if (event.key === "Escape" && !event.defaultPrevented) close(); }}>
      <Stack gap="sm">
        <Textarea label="Title" autosize minRows={1} maxRows={4} maxLength={2000} required value={draft.title} onChange={(event) => change({ title: event.currentTarget.value.replaceAll("\n", " ") })} error={errorOf("title")} data-autofocus autoFocus />
        <Group gap="sm" align="flex-start" grow preventGrowOverflow={false}>
          <Autocomplete label="Service" placeholder="none" maxLength={200} value={draft.service} onChange={(service) => change({ service })} data={(services.data?.items ?? []).map((service) => service.name)} filter={({ options }) => options} error={errorOf("service")} flex="1 1 10rem" />
          <Select label="Severity" data={SEVERITIES} value={draft.severity} allowDeselect={false} onChange={(severity) => severity && change({ severity: severity as Draft["severity"] })} flex="1 1 8rem" />
        </Group>
        <TagsInput label="Tags" description="Press Enter or comma after each" placeholder={draft.tags.length ? "" : "customer-facing"} value={draft.tags} onChange={(tags) => change({ tags })} maxTags={50} splitChars={[","]} acceptValueOnBlur clearable error={errorOf("tags")} />
        <Textarea label="Labels" description="one name=value per line" autosize minRows={2} maxRows={8} value={draft.labels} onChange={(event) => change({ labels: event.currentTarget.value })} error={"wrong" in labels ? `“${labels.wrong}” is not a label; write name=value` : errorOf("labels")} classNames={{ input: "onrecall-mono" }} />
        <Text size="xs" c="dimmed">Later alerts do not overwrite what you change here.</Text>
        {save.isError && <Failure error={save.error} />}
        <Group gap="xs">
          <Button type="submit" loading={save.isPending} disabled={"wrong" in labels || !draft.title.trim()}>Save</Button>
          <Button variant="default" onClick={close}>Cancel</Button>
        </Group>
      </Stack>
    </Paper>
  );
}
