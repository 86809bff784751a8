// What happened, in order: alerts, changes, answers and people.
import { Group, Stack, Text, Timeline as Line } from "@mantine/core";
import { IconBolt, IconCheck, IconGitCommit, IconMessageQuestion, IconUser } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { api, dataOf } from "../api/client";
import { unlessFailed } from "../failures";
import { useEveryAnyway } from "../live-updates";
import { type Kind, timelineOf } from "../timeline";
import { clock, moment } from "../format";
import { Section } from "./section";
import { Shortened } from "./shortened";
import { QueryFailure } from "./states";
import { WrittenText } from "./written-text";

const KINDS: Readonly<Record<Kind, { icon: typeof IconBolt; color: string; words: string }>> = {
  alert: { icon: IconBolt, color: "red", words: "alert" },
  change: { icon: IconGitCommit, color: "orange", words: "change" },
  answer: { icon: IconMessageQuestion, color: "blue", words: "OnRecall" },
  person: { icon: IconUser, color: "grape", words: "person" },
  end: { icon: IconCheck, color: "teal", words: "end" },
};

export const useTimeline = (id: string) =>
  useQuery({
    queryKey: ["timeline", id],
    queryFn: () => dataOf(api.GET("/api/v1/incidents/{incident_id}/timeline", { params: { path: { incident_id: id } } })),
    refetchInterval: unlessFailed(useEveryAnyway()),
  });

export function Timeline({ id }: { id: string }) {
  const timeline = useTimeline(id);
  if (!timeline.data) return <QueryFailure query={timeline} />;
  const entries = timelineOf(timeline.data.items, timeline.data.changes);
  return (
    <Section title="Timeline">
      <Stack gap={6}>
        <Line bulletSize={22} lineWidth={2} active={entries.length}>
          {entries.map((entry) => {
            const kind = KINDS[entry.kind];
            return (
              <Line.Item key={entry.key} color={kind.color} bullet={<kind.icon size={13} aria-label={kind.words} />}>
                <Shortened text={entry.text} lines={4} />
                {entry.note && <div className="onrecall-quote onrecall-excerpt-note"><WrittenText text={entry.note} pictureHeight={72} /></div>}
                <Group gap={6}>
                  <Text size="xs" c="dimmed" title={moment(entry.at)}>{clock(entry.at)}{entry.by && ` · ${entry.by}`}</Text>
                </Group>
              </Line.Item>
            );
          })}
        </Line>
        <Text size="xs" c="dimmed">Times are in your zone, {Intl.DateTimeFormat().resolvedOptions().timeZone}.</Text>
      </Stack>
    </Section>
  );
}
