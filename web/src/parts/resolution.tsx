// How an incident ended, every version of it: what was told later stands beside what was told at first.
import { Badge, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import { api, dataOf, type Schemas } from "../api/client";
import { hasFailed } from "../failures";
import { documentAddress } from "../search";
import { adds, differences } from "../resolution-diff";
import { capitalized, day, type Incident, labelText, moment, OUTCOME, resolutionTrust } from "../format";
import { withoutCommand } from "../plain-text";
import { Command } from "./copy";
import { InlineCode } from "./inline-code";
import { Section } from "./section";
import { Shortened } from "./shortened";
import { PartFailed } from "./states";
import { useAlerts } from "./storm";
import { TimeAgo } from "./time-ago";

type Resolution = Schemas["ResolutionOut"];
const WHO = { human: "a person", imported: "imported", suggested: "a sender, not confirmed", model: "a model" } as const;
const WORKED = { worked: "teal", did_not_help: "red", made_it_worse: "red" } as const;

interface ResolutionHistoryProps {
  id: string;
  incident: Incident;
  resolution: Resolution;
  /** Opens the form; absent for who may only read. */
  edit?: () => void;
}

export function ResolutionHistory({ id, incident, resolution, edit }: ResolutionHistoryProps) {
  const firing = useAlerts(id).data?.items.some((alert) => alert.status === "firing") ?? false;
  return (
    <Section title="How it ended">
      <Paper withBorder p="md" className="onrecall-snug">
        <Stack gap="xs">
          <Text size="sm">It ended{incident.resolved_at && <> <TimeAgo at={incident.resolved_at} /></>}: {firing ? "check that the fix holds, since alerts still fire." : "nothing to do now."} {worked(resolution) ? "If it comes back, begin with what worked." : "If it comes back, no step is on record that worked."}</Text>
          <ResolutionText resolution={resolution} incident={incident} />
          {edit && (
            <Group gap="xs">
              <Button size="xs" variant="default" onClick={edit}>Edit…</Button>
              <Text size="xs" c="dimmed">An edit is a new version; the old ones stay.</Text>
            </Group>
          )}
          <Versions id={id} />
        </Stack>
      </Paper>
    </Section>
  );
}

function ResolutionText({ resolution, incident }: { resolution: Resolution; incident?: Incident }) {
  const { cause, root_cause: root, summary, steps } = resolution;
  return (
    <>
      <div>
        <Text size="xs" c="dimmed" fw={600}>Root cause</Text>
        {cause && <Text fw={600} className="onrecall-wrap">{labelText(cause)}</Text>}
        <Shortened text={root} lines={cause ? 3 : 4} fw={!cause && root.length <= SHORT ? 600 : 400} />
      </div>
      <Text size="xs" c="dimmed" component="div" title={moment(resolution.at)} data-testid="resolution-trust">{resolutionTrust(resolution)} {capitalized(source(resolution))}, {day(resolution.at)}{incident?.document && <>, <Link to={documentAddress(incident.document)}>with a postmortem</Link></>}.</Text>
      <Stack component="ol" gap={8} p={0} m={0} className="onrecall-plain">
        {steps.map((step, n) => <Done key={n} step={step} />)}
      </Stack>
      {summary && adds(summary, steps) && <div><Text size="xs" c="dimmed" fw={600}>Summary</Text><Shortened text={summary} lines={6} /></div>}
    </>
  );
}

/** One step of then: whether it worked, and its command to copy. */
function Done({ step }: { step: Schemas["ResolutionStepOut"] }) {
  return (
    <li className="onrecall-done">
      <Group gap="xs" align="baseline" wrap="nowrap">
        <Badge size="sm" variant="light" color={WORKED[step.outcome]} tt="none" flex="none">{OUTCOME[step.outcome]}</Badge>
        <Text size="sm" className="onrecall-wrap" flex={1} miw={0}><InlineCode text={withoutCommand(step.text, step.command)} /></Text>
      </Group>
      {step.command && <Command text={step.command} />}
      {step.rollback && <Text size="sm" className="onrecall-wrap">Undo: <InlineCode text={step.rollback} /></Text>}
    </li>
  );
}

const SHORT = 90; // characters of a cause that is read at a glance

const worked = (resolution: Resolution): boolean => resolution.steps.some((step) => step.outcome === "worked");

/** Who stands for it: "recorded by dana", "imported, on-call: platform". */
const source = ({ by: author, provenance }: Resolution): string => {
  if (provenance === "human") return author ? `recorded by ${author}` : "recorded by a person";
  return author ? `${WHO[provenance]}, ${author}` : WHO[provenance];
};

const by = (resolution: Resolution): string => `${resolution.by ?? WHO[resolution.provenance]}, ${moment(resolution.at)}`;

/** The versions before, newest first, each with what the next one changed. */
function Versions({ id }: { id: string }) {
  const [opened, { toggle }] = useDisclosure(false);
  const versions = useQuery({
    queryKey: ["resolutions", id],
    queryFn: () => dataOf(api.GET("/api/v1/incidents/{incident_id}/resolutions", { params: { path: { incident_id: id } } })),
  });
  if (hasFailed(versions)) return <PartFailed what="The versions" again={() => void versions.refetch()} />;
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
