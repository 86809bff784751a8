// The values in a command that belong to an old incident, and those of today that can take their place.
import type { Schemas } from "./api/client";

type Placeholder = Schemas["PlaceholderOut"];
export type Labels = readonly Readonly<Record<string, string>>[];
export type Values = Readonly<Record<string, string>>;

/** Names of labels that hold a value of a kind, the most telling first. */
const LABELS: Readonly<Record<string, readonly string[]>> = {
  pod: ["pod", "pod_name", "k8s_pod_name", "kubernetes_pod_name"],
  host: ["host", "hostname", "nodename", "node", "server", "instance"],
  ip: ["ip", "host_ip", "pod_ip", "instance"],
  container: ["container_id"],
  instance: ["instance_id", "InstanceId"],
  volume: ["volume_id", "volume", "persistentvolume"],
  account: ["account", "account_id"],
};
const PLAIN = /^[A-Za-z0-9][\w.:@/-]{0,252}$/; // what no shell reads as more than one word
const PORT = /^([^:]+):\d{1,5}$/; // an address with several colons is one of IPv6
const ADDRESS = /^(?:\d{1,3}\.){3}\d{1,3}$|^[0-9a-f]*:[0-9a-f:]+$/i;

/** What the labels of the alerts say in place of the old values, where they agree on one plain value; by old value. */
export function valuesNow(placeholders: readonly Placeholder[], labels: Labels): Values {
  const filled = placeholders.flatMap(({ value, kind }) => {
    const now = namesOf(kind).map((name) => oneValue(kind, name, labels)).find((text) => text !== undefined);
    return now === undefined ? [] : [[value, now] as const];
  });
  return Object.fromEntries(filled);
}

const namesOf = (kind: string): readonly string[] => (Object.hasOwn(LABELS, kind) ? LABELS[kind] : undefined) ?? [kind];

function oneValue(kind: string, name: string, labels: Labels): string | undefined {
  const values = new Set(labels.flatMap((label) => (Object.hasOwn(label, name) && label[name] ? [withoutPort(kind, label[name])] : [])));
  const [only] = values;
  if (values.size !== 1 || only === undefined || !PLAIN.test(only)) return undefined;
  return kind === "ip" && !ADDRESS.test(only) ? undefined : only;
}

const withoutPort = (kind: string, value: string): string => (kind === "host" || kind === "ip" ? (PORT.exec(value)?.[1] ?? value) : value);

export interface Piece {
  text: string;
  /** The old value that stands here; absent for what is the same in every incident. */
  old?: string;
}

/** The command cut where values of the old incident stand in it. */
export function pieces(command: string): Piece[] {
  return command.split(/(‹[^‹›]+›)/).filter(Boolean).map((text) => (/^‹[^‹›]+›$/.test(text) ? { text, old: text.slice(1, -1) } : { text }));
}

/** The command with values of today; those that nobody gave stay as ‹old value›. */
export const filled = (command: string, values: Values): string =>
  pieces(command).map((piece) => (piece.old === undefined ? piece.text : values[piece.old]?.trim() || piece.text)).join("");

/** The old values that nothing takes the place of yet. */
export const unfilled = (placeholders: readonly Placeholder[], values: Values): string[] =>
  placeholders.map(({ value }) => value).filter((value) => !values[value]?.trim());
