// A new issue in your tracker, filled in: a link by an address that this browser remembers, and the text to copy.
import { Anchor, Button, Group, Modal, Stack, Text, TextInput, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { type FormEvent, useState } from "react";

import { EXAMPLES, type Issue, issueLink, storedTemplate, storeTemplate, wrongTemplate } from "../issue-link";
import { showError, showSuccess } from "./toasts";

/** `form` is the address that the server is configured with; what this browser remembers comes before it. */
export function CreateIssue({ issue, form = null }: { issue: Issue; form?: string | null }) {
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <Anchor component="button" type="button" size="sm" onClick={open} aria-label={`Create issue… ${issue.title}`}>Create issue…</Anchor>
      <Modal opened={opened} onClose={close} title={<Title order={2} size="h4">Create an issue</Title>}>{opened && <Choose issue={issue} form={form} />}</Modal>
    </>
  );
}

function Choose({ issue, form }: { issue: Issue; form: string | null }) {
  const [template, setTemplate] = useState(() => storedTemplate() ?? form);
  const [typed, setTyped] = useState(template ?? "");
  const [editing, setEditing] = useState(template === null);
  const wrong = typed ? wrongTemplate(typed) : null;
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (!typed || wrong) return;
    storeTemplate(typed);
    setTemplate(typed);
    setEditing(false);
  };
  const copy = () => void navigator.clipboard.writeText(`${issue.title}\n\n${issue.body}`).then(() => showSuccess("The issue is copied as text."), showError);
  return (
    <Stack gap="sm">
      <Text size="sm" fw={600} className="onrecall-wrap">{issue.title}</Text>
      {editing ? (
        <form onSubmit={save}>
          <Stack gap="xs">
            <TextInput label="Address of your tracker’s form" description="with {title} and {body} where they go; this browser remembers it" placeholder={EXAMPLES[0].template} value={typed} onChange={(event) => setTyped(event.currentTarget.value.trim())} error={wrong} required data-autofocus />
            <Group gap="xs"><Text size="sm" c="dimmed">Begin with</Text>{EXAMPLES.map((example) => <Button key={example.name} size="compact-xs" variant="default" onClick={() => setTyped(example.template)}>{example.name}</Button>)}</Group>
            <Group gap="xs"><Button type="submit" size="xs" disabled={!typed || wrong !== null}>Save address</Button>{template && <Button size="xs" variant="default" onClick={() => setEditing(false)}>Cancel</Button>}</Group>
          </Stack>
        </form>
      ) : template && (
        <Group gap="xs">
          <Button component="a" href={issueLink(template, issue)} target="_blank" rel="noreferrer">Open the form at {new URL(template.replaceAll(/[{}]/g, "")).host}</Button>
          <Button variant="subtle" size="xs" onClick={() => setEditing(true)}>Change address</Button>
        </Group>
      )}
      <Text size="sm" c="dimmed">OnRecall sends nothing: your browser opens the form, filled in. Or <Anchor component="button" type="button" size="sm" onClick={copy}>copy it as text</Anchor>.</Text>
    </Stack>
  );
}
