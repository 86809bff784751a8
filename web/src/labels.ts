// Labels as people edit them: one `name=value` a line.

type Labels = Readonly<Record<string, string>>;

export const labelLines = (labels: Labels): string => Object.entries(labels).map(([name, value]) => `${name}=${value.replaceAll("\n", " ")}`).join("\n");

/** The labels that the lines say, or the first line that is none. */
export function readLabels(lines: string): { labels: Labels } | { wrong: string } {
  const labels: [string, string][] = [];
  for (const line of lines.split("\n").map((text) => text.trim())) {
    if (!line) continue;
    const at = line.indexOf("=");
    const [name, value] = [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    if (at < 1 || !name || !value) return { wrong: line };
    labels.push([name, value]);
  }
  return { labels: Object.fromEntries(labels) };
}

/** What to send so that `before` becomes `after`: only labels that differ, null for those to remove. */
export function labelChanges(before: Labels, after: Labels): Record<string, string | null> {
  const spoken = (value: string | undefined) => value?.replaceAll("\n", " ").trim();
  const set = Object.entries(after).filter(([name, value]) => spoken(Object.hasOwn(before, name) ? before[name] : undefined) !== value);
  const removed = Object.keys(before).filter((name) => !Object.hasOwn(after, name)).map((name): [string, null] => [name, null]);
  return Object.fromEntries([...set, ...removed]);
}
