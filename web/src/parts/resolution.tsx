// How an incident ended, every version of it: what was told later stands beside what was told at first.
import { Badge, Button, Code, Group, Paper, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";

import { api, dataOf, type Schemas } from "../api/client";
import { differences } from "../resolution-diff";
import { moment, OUTCOME, labelText } from "../format";
import { Section } from "./answer";
import { Failure } from "./states";

type Resolution = Schemas["ResolutionOut"];
const WHO = { human: "a person", imported: "imported", suggested: "a sender, not confirmed", model: "a model" } as const;
const WORKED = { worked: "teal", did_not_help: "red", made_it_worse: "red" } as const;

export function ResolutionHistory({ id, resolution, edit }: { id: string; resolution: Resolution; edit: () => void }) {
  return (
    <Section title="How it ended">
      <Paper withBorder p="md">
        <Stack gap="xs">
          <ResolutionText resolution={resolution} />
          <Group gap="xs">
            <Button size="xs" variant="default" onClick={edit}>Edit…</Button>
            <Text size="xs" c="dimmed">An edit is a new version; the old ones stay.</Text>
          </Group>
          <Versions id={id} />
        </Stack>
      </Paper>
    </Section>
  );
}

function ResolutionText({ resolution }: { resolution: Resolution }) {
  return (
    <>
      <Group gap="xs" align="baseline">
        {resolution.cause && <Badge variant="light" tt="none">{labelText(resolution.cause)}</Badge>}
        <Text size="xs" c="dimmed">{by(resolution)}</Text>
      </Group>
      <Text fw={600} className="onrecall-wrap">{resolution.root_cause}</Text>
      {resolution.summary && <Text size="sm" className="onrecall-wrap">{resolution.summary}</Text>}
      <Stack component="ol" gap={6} p={0} m={0} className="onrecall-plain">
        {resolution.steps.map((step, n) => (
          <Group component="li" key={n} gap="xs" align="baseline">
            <Badge size="sm" variant="light" color={WORKED[step.outcome]} tt="none">{OUTCOME[step.outcome]}</Badge>
            <Text size="sm" className="onrecall-wrap" flex="1 1 14rem">{step.text}{step.command && <> <Code className="onrecall-wrap">{step.command}</Code></>}{step.rollback && ` (undo: ${step.rollback})`}</Text>
          </Group>
        ))}
      </Stack>
    </>
  );
}

const by = (resolution: Resolution): string => `${resolution.by ?? WHO[resolution.provenance]}, ${moment(resolution.at)}`;

/** The versions before, newest first, each with what the next one changed. */
function Versions({ id }: { id: string }) {
  const [opened, { toggle }] = useDisclosure(false);
  const versions = useQuery({
    queryKey: ["resolutions", id],
    queryFn: () => dataOf(api.GET("/api/v1/incidents/{incident_id}/resolutions", { params: { path: { incident_id: id } } })),
  });
  if (versions.isLoadingError) return <Failure error={versions.error} />;
  const all = versions.data?.items ?? [];
  if (all.length < 2) return null;
  return (
    <Stack gap="xs">
      <Button size="xs" variant="subtle" w="fit-content" onClick={toggle} aria-expanded={opened}>{opened ? "Hide the versions" : `Version ${all.length} of ${all.length}: what changed`}</Button>
      {opened && all.map((version, n) => {
        const before = all[n + 1];
        return (
          <Paper key={`${version.at}${n}`} withBorder p="sm" component="article" aria-label={`version ${all.length - n}`}>
            <Text size="sm" fw={600}>Version {all.length - n} · {by(version)}</Text>
            {before ? differences(before, version).map((line) => <Text key={line} size="sm" className="onrecall-wrap">{line}</Text>) : <ResolutionText resolution={version} />}
          </Paper>
        );
      })}
    </Stack>
  );
}
