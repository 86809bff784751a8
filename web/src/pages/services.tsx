// Services, and all that is on record about one.
import { Badge, Button, Group, List, Paper, SimpleGrid, Stack, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Link, useParams } from "react-router";

import { api, dataOf, Problem, type Schemas } from "../api/client";
import { unlessFailed, useFailure } from "../failures";
import { useEveryAnyway, useNow } from "../live-updates";
import { Section } from "../parts/section";
import { Shortened } from "../parts/shortened";
import { NotFound } from "../parts/not-found";
import { InlineCode } from "../parts/inline-code";
import { Months } from "../parts/months";
import { ServiceLink } from "../parts/service-link";
import { Empty, QueryState } from "../parts/states";
import { TimeAgo } from "../parts/time-ago";
import { withoutMarks } from "../plain-text";
import { documentAddress } from "../search";
import { age, countText, day, familyName, hours, type Incident, SEVERITY, durationText, labelText } from "../format";

type Page = Schemas["ServicePageOut"];
const PAGE = 100;

export function Services() {
  const name = useParams()["*"];
  return name ? <Service key={name} name={name} /> : <AllServices />;
}

function AllServices() {
  const [q, setQ] = useState("");
  const [searched] = useDebouncedValue(q.trim(), 250);
  const services = useInfiniteQuery({
    queryKey: ["incidents", "services", searched],
    queryFn: ({ pageParam }) => dataOf(api.GET("/api/v1/services", { params: { query: { limit: PAGE, ...(searched ? { q: searched } : {}), ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
  const rows = services.data?.pages.flatMap((page) => page.items);
  return (
    <Stack gap="md">
      <Title order={1} size="h2">Services</Title>
      <TextInput aria-label="part of a service's name" placeholder="part of a name" value={q} onChange={(event) => setQ(event.currentTarget.value)} maxLength={200} maw={400} />
      {!rows && <QueryState query={services} height={48} />}
      {rows?.length === 0 && <Empty title={searched ? "No service name contains this" : "No services yet"}>{searched ? "Try a shorter part of it." : "A service appears here with the first incident, alert or runbook that names it."}</Empty>}
      <Stack gap={6} role="list" aria-label="services">
        {rows?.map((row) => <Row key={row.name} row={row} />)}
      </Stack>
      {services.hasNextPage && <Button variant="default" w="fit-content" loading={services.isFetchingNextPage} onClick={() => void services.fetchNextPage()}>Show more</Button>}
    </Stack>
  );
}

const Row = ({ row }: { row: Schemas["ServiceCountOut"] }) => (
  <Paper withBorder px="sm" py={8} role="listitem">
    <Group justify="space-between" gap="xs">
      <Text size="sm" component="span" miw={0}><ServiceLink name={row.name} /></Text>
      <Group gap="xs">
        {row.unresolved > 0 && <Badge color="red" variant="light" tt="none">{row.unresolved} open</Badge>}
        <Text size="xs" c="dimmed">{row.last_started_at ? <>{countText(row.incidents, "incident")}, last <TimeAgo at={row.last_started_at} /></> : "no incidents, documents only"}</Text>
      </Group>
    </Group>
  </Paper>
);

function Service({ name }: { name: string }) {
  const service = useQuery({
    queryKey: ["incidents", "service", name],
    queryFn: () => dataOf(api.GET("/api/v1/services/{name}", { params: { path: { name } } })),
    refetchInterval: unlessFailed(useEveryAnyway()),
  });
  const failure = useFailure(service);
  if (!service.data && failure instanceof Problem && failure.status === 404) return <NotFound title={`Nothing on record names ${name}`}>No incident, alert, change or document does. Check the spelling.</NotFound>;
  if (!service.data) return <QueryState query={service} />;
  const page = service.data;
  return (
    <Stack gap="md">
      <Head page={page} />
      <ServiceFigures page={page} />
      <div className="onrecall-two">
        <Stack gap="md" miw={0}>
          <Unresolved page={page} />
          <Recurring name={name} />
          <Past page={page} />
        </Stack>
        <Stack gap="md" miw={0}>
          <Documents page={page} />
          <Changes page={page} />
          <AlertSources page={page} />
          <People page={page} />
        </Stack>
      </div>
    </Stack>
  );
}

function Head({ page }: { page: Page }) {
  return (
    <Stack gap={4}>
      <Text size="sm"><Link to="/services">Services</Link></Text>
      <Group gap="xs">
        <Title order={1} size="h2" className="onrecall-wrap"><Shortened inherit text={page.name} lines={2} /></Title>
        <Badge color={page.unresolved_count ? "red" : "teal"} variant="light" tt="none">{page.unresolved_count ? `${page.unresolved_count} open` : "nothing open"}</Badge>
      </Group>
      {page.owners.length > 0 && (
        <Text size="sm" className="onrecall-wrap">
          {page.owners.map((owner, n) => <span key={owner.label}>{n > 0 && " · "}{owner.label}: <b>{owner.name}</b> (label of <Link to={`/incidents/${encodeURIComponent(owner.incident)}`}>{owner.incident}</Link>)</span>)}
        </Text>
      )}
    </Stack>
  );
}

function ServiceFigures({ page }: { page: Page }) {
  const left = [page.lost.open && `${page.lost.open} still open`, page.lost.untimed && `${page.lost.untimed} without an end`, page.lost.contradictory && `${page.lost.contradictory} that end before they start`].filter(Boolean);
  const inPeriod = page.months.reduce((sum, month) => sum + month.count, 0);
  return (
    <Stack gap={6}>
      <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm">
        <Figure name="Incidents" value={page.incidents_count.toLocaleString()} about="all on record" />
        <Figure name="Hours lost" value={page.lost.of ? `${page.lost.hours < 10 ? hours(page.lost.hours) : `${Math.round(page.lost.hours).toLocaleString()} h`}` : "–"} about={page.lost.of ? `${countText(page.lost.of, "incident")}; overlaps count once` : "nothing measured"} />
        <Figure name="Time to resolve" value={page.median_minutes === null ? "–" : durationText(page.median_minutes * 60)} about={page.median_minutes === null ? "nothing measured" : "median"} />
        <Paper withBorder p="sm">
          <Text size="sm" fw={600}>By month</Text>
          {inPeriod ? <div className="onrecall-by-month"><Months months={page.months} /></div> : <Text size="sm" c="dimmed">None began in this period.</Text>}
        </Paper>
      </SimpleGrid>
      <Text size="xs" c="dimmed">Hours, median and months count incidents that began since {day(page.since)}{left.length > 0 && `; hours leave out ${left.join(", ")}`}.</Text>
    </Stack>
  );
}

const Figure = ({ name, value, about }: { name: string; value: string; about: string }) => (
  <Paper withBorder p="sm">
    <Text size="sm" fw={600}>{name}</Text>
    <Text fz={26} fw={700} lh={1.25} className="onrecall-nowrap">{value}</Text>
    <Text size="xs" c="dimmed">{about}</Text>
  </Paper>
);

function Unresolved({ page }: { page: Page }) {
  const now = useNow();
  return (
    <Section title="Open now">
      {page.unresolved.length === 0 ? <Text size="sm" c="dimmed">Nothing is open.</Text> : (
        <Stack gap={6}>
          {page.unresolved.map((incident) => (
            <OneIncident key={incident.id} incident={incident} about={[incident.status, `for ${age(incident.started_at, now)}`, incident.assignee ?? "nobody assigned"].join(" · ")} />
          ))}
          {page.unresolved_count > page.unresolved.length && <Text size="sm"><Link to={`/?${new URLSearchParams({ service: page.name })}`}>All {page.unresolved_count}</Link></Text>}
        </Stack>
      )}
    </Section>
  );
}

const OneIncident = ({ incident, about }: { incident: Incident; about: string }) => (
  <Paper component={Link} to={`/incidents/${encodeURIComponent(incident.id)}`} withBorder px="sm" py={6} className="onrecall-row onrecall-card-link">
    <Group gap={6} wrap="nowrap" align="baseline">
      {incident.severity !== "unknown" && <Badge size="sm" color={SEVERITY[incident.severity]} variant="light" flex="none">{incident.severity}</Badge>}
      <Text size="sm" fw={500} className="onrecall-title" title={incident.title}>{withoutMarks(incident.title)}</Text>
    </Group>
    <Text size="xs" c="dimmed" className="onrecall-wrap">{incident.id} · {about}</Text>
  </Paper>
);

function Past({ page }: { page: Page }) {
  const all = page.incidents_count - page.unresolved_count;
  return (
    <Section title="Resolved">
      {page.resolved.length === 0 ? <Text size="sm" c="dimmed">{all ? "None in this time." : "None on record."} {all > 0 && <AllPast name={page.name} count={all} />}</Text> : (
        <Stack gap={6}>
          {page.resolved.map((incident) => (
            <OneIncident key={incident.id} incident={incident} about={[day(incident.started_at), incident.resolved_at && `took ${age(incident.started_at, Date.parse(incident.resolved_at))}`, incident.resolution?.cause ? labelText(incident.resolution.cause) : "no cause on record"].filter(Boolean).join(" · ")} />
          ))}
          {all > page.resolved.length && <Text size="sm"><AllPast name={page.name} count={all} /></Text>}
        </Stack>
      )}
    </Section>
  );
}

const AllPast = ({ name, count }: { name: string; count: number }) => <Link to={`/?${new URLSearchParams({ service: name, status: "resolved" })}`}>All {count} resolved</Link>;

/** Causes that came back here; counted over all of memory, so it is asked for apart. */
function Recurring({ name }: { name: string }) {
  const recurrences = useQuery({ queryKey: ["recurrences", name], queryFn: () => dataOf(api.GET("/api/v1/recurrences", { params: { query: { service: name, limit: 5 } } })), staleTime: 60_000 });
  return (
    <Section title="What keeps coming back">
      <QueryState query={recurrences} rows={1} height={40} />
      {recurrences.data?.families.length === 0 && <Text size="sm" c="dimmed">No cause has come back here.</Text>}
      <Stack gap={6}>
        {recurrences.data?.families.map((family) => (
          <Paper key={family.id} withBorder px="sm" py={6}>
            <Group justify="space-between" gap="xs" wrap="nowrap" align="baseline">
              <Text size="sm" fw={500} className="onrecall-wrap">{familyName(family.title)}</Text>
              <Text size="sm" flex="none">{hours(family.lost.hours)} in all</Text>
            </Group>
            <Text size="xs" c="dimmed" component="div">{countText(family.services.find((service) => service.name === name)?.count ?? 0, "time")} here, {family.count} in all, last <TimeAgo at={family.last_seen} /> · {family.action ? `permanent action ${family.action.state}` : "no permanent action on record"}</Text>
          </Paper>
        ))}
      </Stack>
      {(recurrences.data?.families.length ?? 0) > 0 && <Text size="sm" mt={6}><Link to="/recurrences">All recurrences</Link></Text>}
    </Section>
  );
}

function Listed({ title, none, children }: { title: string; none: ReactNode; children: ReactNode[] }) {
  return <Section title={title}>{children.length === 0 ? <Text size="sm" c="dimmed">{none}</Text> : <List size="sm" spacing={4} className="onrecall-wrap">{children}</List>}</Section>;
}

const Documents = ({ page }: { page: Page }) => (
  <Listed title="Runbooks and documents" none={<>None on record. <Link to="/memory?import=1">Add one</Link></>}>
    {page.documents.map((document) => (
      <List.Item key={document.id}><Link to={documentAddress(document.id)}><InlineCode text={document.title} /></Link>{document.kind !== "runbook" && <Text span size="xs" c="dimmed"> {document.kind}</Text>}</List.Item>
    ))}
  </Listed>
);

const Changes = ({ page }: { page: Page }) => (
  <Listed title="Recent changes" none={<>None on record. <Link to="/system/senders">Connect a source of deployments</Link></>}>
    {page.changes.map((change) => <List.Item key={`${change.source} ${change.key}`}><InlineCode text={change.title} /> <Text span size="xs" c="dimmed">{change.kind === "deployment" ? "deployed" : "changed"} <TimeAgo at={change.at} /></Text></List.Item>)}
  </Listed>
);

const AlertSources = ({ page }: { page: Page }) => (
  <Listed title="Alerts in 90 days, by source" none="No alerts arrived.">
    {page.alert_sources.map((source) => <List.Item key={source.source}><b>{source.source}</b>: {countText(source.alerts, "alert")}{source.firing > 0 && `, ${source.firing} firing`} <Text span size="xs" c="dimmed">last <TimeAgo at={source.last_at} /></Text></List.Item>)}
  </Listed>
);

const People = ({ page }: { page: Page }) => (
  <Section title="Who worked on it last">
    <Text size="sm" {...(page.people.length ? {} : { c: "dimmed" })}>{page.people.join(", ") || "No person is on record."}</Text>
  </Section>
);
