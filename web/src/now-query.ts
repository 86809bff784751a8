// What Now asks of the server, as its address has it.
import { type Order, orderOf } from "./incident-order";
import type { IncidentSummary } from "./format";

export const STATUSES = [
  { value: "unresolved", label: "not resolved" },
  { value: "open", label: "open" },
  { value: "acknowledged", label: "acknowledged" },
  { value: "resolved", label: "resolved" },
] as const;
const PAGE_SIZE = 100;
const BY_SERVICE: Order = { sort: "service", order: "asc" };

type Status = (typeof STATUSES)[number]["value"];

/** The order of the list; grouped, it is by service. */
export const orderIn = (params: URLSearchParams): Order => (params.has("group") ? BY_SERVICE : orderOf(params));

export function nowQuery(params: URLSearchParams) {
  const [service, severity, q] = [params.get("service"), params.get("severity"), params.get("q")];
  return {
    status: (params.get("status") ?? "unresolved") as Status,
    ...(service ? { service } : {}), ...(severity ? { severity: severity as IncidentSummary["incident"]["severity"] } : {}), ...(q ? { q } : {}),
    ...orderIn(params), limit: PAGE_SIZE,
  };
}
