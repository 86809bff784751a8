// Bringing history in: files are looked at first, and kept when one says so; what is wrong with them is told either way.
import { Badge, Button, Group, Paper, Progress, Stack, Text } from "@mantine/core";
import { Dropzone, type FileWithPath } from "@mantine/dropzone";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { countText } from "../format";
import { Problem, type Schemas } from "../api/client";
import { sessionHeaders } from "../api/session";

const SHOWN = 8;

type ImportReport = Schemas["ImportOut"];
interface Brought {
  name: string;
  report?: ImportReport;
  error?: Error;
}

/** Sends one file; a browser tells how much of a body has left only by this older way. */
async function send(file: FileWithPath, dry: boolean, sent: (share: number) => void): Promise<ImportReport> {
  const name = (file.path ?? file.name).replace(/^\.?\//, "");
  const request = new XMLHttpRequest();
  request.open("POST", `/api/v1/history?${new URLSearchParams({ name, dry_run: String(dry) })}`);
  request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
  for (const [header, value] of Object.entries(sessionHeaders("POST"))) request.setRequestHeader(header, value);
  request.upload.onprogress = ({ loaded, total }) => sent(total ? loaded / total : 0);
  await new Promise<void>((done, failed) => {
    request.onload = () => done();
    request.onerror = () => failed(new Error("The server cannot be reached. Try again: the report then shows what was imported."));
    request.send(file);
  });
  return reportOf(request.status, request.responseText);
}

function reportOf(status: number, text: string): ImportReport {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new Problem(status, "The server cannot answer", `It answered ${status}.`);
  }
  if (status >= 300) {
    const problem = parsed as Schemas["Problem"];
    throw new Problem(status, problem.title, problem.detail ?? "");
  }
  return parsed as ImportReport;
}

export function Import() {
  const queries = useQueryClient();
  const [files, setFiles] = useState<FileWithPath[]>([]);
  const [brought, setBrought] = useState<Brought[]>([]);
  const [part, setPart] = useState(0);
  const run = useMutation({
    mutationFn: async ({ chosen, dry }: { chosen: FileWithPath[]; dry: boolean }) => {
      setBrought([]);
      for (const file of chosen) {
        setPart(0);
        const outcome: Brought = await send(file, dry, setPart).then((report) => ({ name: file.name, report }), (error: Error) => ({ name: file.name, error }));
        setBrought((all) => [...all, outcome]);
      }
    },
    onSuccess: (_, { dry }) => { if (!dry) { setFiles([]); void queries.invalidateQueries(); } },
  });
  const drop = (chosen: FileWithPath[]) => {
    setFiles(chosen);
    run.mutate({ chosen, dry: true });
  };
  const dry = run.variables?.dry ?? true;
  const many = run.variables?.chosen.length ?? 1;
  const news = brought.reduce((sum, file) => sum + (file.report?.created ?? 0), 0);
  return (
    <Paper withBorder p="md" component="section" aria-label="import history">
      <Stack gap="sm">
        <Dropzone onDrop={drop} maxSize={64 * 1024 * 1024} aria-label="files to import" disabled={run.isPending}>
          <Stack gap={4} align="center" py="md" style={{ pointerEvents: "none" }}>
            <Text fw={600}>Drop files here, or choose them</Text>
            <Text size="sm" c="dimmed" ta="center">ServiceNow, Jira, PagerDuty, Opsgenie, GitHub, Markdown, CSV, JSON. You see a preview first; nothing is stored until you confirm.</Text>
          </Stack>
        </Dropzone>
        {run.isPending && (
          <Stack gap={4} role="status">
            <Text size="sm">{dry ? "Looking at" : "Importing"} file {brought.length + 1} of {many}{part < 1 ? "" : ": sent, being read"}…</Text>
            <Progress value={((brought.length + Math.min(part, 0.95)) / many) * 100} animated aria-label="progress" />
          </Stack>
        )}
        {brought.length > 0 && <Text size="sm" fw={600}>{dry ? "Nothing is stored yet. The import would add:" : "Imported:"}</Text>}
        {brought.map((file) => <ImportedFile key={file.name} brought={file} dry={dry} />)}
        {files.length > 0 && !run.isPending && (
          <Button w="fit-content" onClick={() => run.mutate({ chosen: files, dry: false })} disabled={news === 0}>
            {news === 0 ? "Nothing new to import" : `Import ${files.length === 1 ? "it" : "them"}`}
          </Button>
        )}
      </Stack>
    </Paper>
  );
}

function ImportedFile({ brought: { name, report, error }, dry }: { brought: Brought; dry: boolean }) {
  return (
    <Paper withBorder p="sm" component="article" aria-label={name}>
      <Stack gap={6}>
        <Text size="sm" fw={600} className="onrecall-wrap">{name}</Text>
        {error && <Text size="sm" c="red" role="alert" className="onrecall-wrap">{error.message}</Text>}
        {report && (
          <>
            <Group gap={6}>
              <Badge variant="light" color="teal" tt="none">{report.created} {dry ? "new or changed" : "new"}</Badge>
              {report.updated > 0 && <Badge variant="light" color="blue" tt="none">{report.updated} changed</Badge>}
              <Badge variant="default" tt="none">{report.unchanged} already stored</Badge>
              {report.rejected.length > 0 && <Badge variant="light" color="red" tt="none">{report.rejected.length} skipped</Badge>}
            </Group>
            {report.rejected.slice(0, SHOWN).map((part, n) => <Text key={n} size="xs" c="red" className="onrecall-wrap">{part.where}: {part.field && `${part.field}: `}{part.message}</Text>)}
            {report.rejected.length > SHOWN && <Text size="xs" c="red">and {report.rejected.length - SHOWN} more</Text>}
            {(report.notes ?? []).map((note) => <Text key={note} size="xs" c="dimmed" className="onrecall-wrap">{note}</Text>)}
            <Quality report={report} />
          </>
        )}
      </Stack>
    </Paper>
  );
}

/** What the incidents of a file lack to be learned from. */
function Quality({ report: { quality } }: { report: ImportReport }) {
  if (!quality || quality.incidents === 0) return null;
  if (quality.findings.length === 0) return <Text size="sm">Quality: nothing is missing in its {countText(quality.incidents, "incident")}.</Text>;
  return (
    <Stack gap={2} component="section" aria-label="quality">
      <Text size="sm" fw={600}>Quality, of {countText(quality.incidents, "incident")}</Text>
      {quality.findings.map((finding) => (
        <Text key={finding.name} size="sm" className="onrecall-wrap">
          {finding.count} ({Math.round((100 * finding.count) / quality.incidents)} %): {finding.meaning} <Text span size="xs" c="dimmed">such as {finding.examples.slice(0, 3).join(", ")}</Text>
        </Text>
      ))}
    </Stack>
  );
}
