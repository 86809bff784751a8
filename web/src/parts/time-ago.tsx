// Moments: how long ago in the reader's words, the exact time in their zone and in UTC when it is pointed at or reached by Tab.
import { Tooltip } from "@mantine/core";

import { useNow } from "../live-updates";
import { age, day, moment } from "../format";

const WEEK_MS = 7 * 86_400_000;

/** "3 min ago", or the day once that says more. */
export function TimeAgo({ at }: { at: string }) {
  const now = useNow(10_000);
  const past = now - Date.parse(at);
  const phrase = past < -1_000 ? `in ${age(new Date(now).toISOString(), Date.parse(at))}` : past > WEEK_MS ? day(at) : `${age(at, now)} ago`;
  return (
    <Tooltip label={moment(at)} events={{ hover: true, focus: true, touch: true }}>
      <time dateTime={at} tabIndex={0} className="onrecall-when">{phrase}</time>
    </Tooltip>
  );
}
