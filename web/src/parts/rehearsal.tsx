// A payload tried out: what would come of it, field by field. Nothing is stored.
import { Alert, Button, Code, Stack, Table, Text, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { api, dataOf, type Schemas } from "../api/client";
import { Command } from "./copy";
import { Failure } from "./states";
import { InlineCode } from "./inline-code";

export function Rehearsal({ name }: { name: string }) {
  const [body, setBody] = useState("");
  const rehearse = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/sources/{name}/try", { params: { path: { name } }, body: body as never, bodySerializer: (text: unknown) => text as string })),
  });
  return (
    <Stack gap="xs" component="section" aria-label="Try a payload">
      <Textarea label="Try a payload of it; nothing is stored" value={body} onChange={(event) => setBody(event.currentTarget.value)} autosize minRows={2} maxRows={12}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }} />
      <Button variant="default" size="xs" w="fit-content" disabled={!body.trim()} loading={rehearse.isPending} onClick={() => rehearse.mutate()}>What would it become?</Button>
      {rehearse.isError && <Failure error={rehearse.error} />}
      {rehearse.isSuccess && <Outcome rehearsal={rehearse.data} />}
    </Stack>
  );
}

function Outcome({ rehearsal }: { rehearsal: Schemas["RehearsalOut"] }) {
  const unread = [...(rehearsal.refusal ? [rehearsal.refusal] : []), ...rehearsal.rejected.map((part) => `${part.where}: ${part.message}`)];
  return (
    <Stack gap="xs">
      <Text size="sm">Stored as <b>{rehearsal.source}</b>, read {rehearsal.known_as ? <>as <b>{rehearsal.known_as}</b></> : "by the common names of its fields"}.</Text>
      {unread.map((text) => <Alert key={text} color="orange" variant="light" p="xs"><InlineCode text={text} /></Alert>)}
      {unread.length + rehearsal.parts.length === 0 && <Text size="sm">It carries no alert: OnRecall accepts it and stores nothing.</Text>}
      {rehearsal.parts.map((part, n) => (
        <Table key={n} fz="sm" className="onrecall-wrap" aria-label={part.kind}>
          <Table.Tbody>
            {part.fields.map((field) => (
              <Table.Tr key={field.name}>
                <Table.Th scope="row">{field.name}</Table.Th>
                <Table.Td>{field.value ?? "–"}</Table.Td>
                <Table.Td>{field.place && <Code>{field.place}</Code>}</Table.Td>
              </Table.Tr>
            ))}
            {part.problems.map((problem) => <Table.Tr key={problem}><Table.Th scope="row">problem</Table.Th><Table.Td colSpan={2}><InlineCode text={problem} /></Table.Td></Table.Tr>)}
          </Table.Tbody>
        </Table>
      ))}
      {rehearsal.definition && <><Text size="sm">A file to start from:</Text><Command text={rehearsal.definition} /></>}
    </Stack>
  );
}
