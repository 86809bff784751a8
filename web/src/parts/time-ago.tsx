// Moments: how long ago in the reader's words, the exact time in their zone and in UTC when it is pointed at or reached by Tab.
import { Tooltip } from "@mantine/core";

import { age, day, durationText, moment } from "../format";
import { useTicking } from "../live-updates";

const WEEK_MS = 7 * 86_400_000;

/** "3 min ago", or the day once that says more. */
function sinceText(at: string, now: number): string {
  const past = now - Date.parse(at);
  if (past < -1_000) return `in ${durationText(-past / 1_000)}`;
  return past > WEEK_MS ? day(at) : `${age(at, now)} ago`;
}

export function TimeAgo({ at }: { at: string }) {
  const phrase = useTicking((now) => sinceText(at, now));
  return (
    <Tooltip label={moment(at)} events={{ hover: true, focus: true, touch: true }}>
      <time dateTime={at} tabIndex={0} className="onrecall-when">{phrase}</time>
    </Tooltip>
  );
}
