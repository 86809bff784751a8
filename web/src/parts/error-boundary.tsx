// What stands in place of a page that failed: never nothing. A page whose files were replaced by an upgrade loads itself anew.
import { Alert, Button, Code, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconPlugConnectedX } from "@tabler/icons-react";
import { Component, type ReactNode, useEffect } from "react";

const RELOADED = "onrecall-reloaded-at";
const AGAIN_MS = 30_000; // what failed twice within this is not mended by loading it a third time
const PROBE_MS = 2_000;
const MISSING_FILE = /dynamically imported module|module script|preload css|error loading/i;

interface State {
  error: Error | null;
}

/** Shows what went wrong in place of its children; another `place` begins anew. */
export class ErrorBoundary extends Component<{ children: ReactNode; place: string }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidUpdate(before: { place: string }): void {
    if (before.place !== this.props.place && this.state.error) this.setState({ error: null });
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return MISSING_FILE.test(error.message) ? <MissingFile /> : <Broken error={error} />;
  }
}

/** A file of the console is gone: with the server away it is waited for, after an upgrade the page is loaded anew. */
function MissingFile() {
  const tried = Date.now() - Number(sessionStorage.getItem(RELOADED) ?? 0) < AGAIN_MS;
  useEffect(() => {
    if (tried) return;
    const probe = async () => {
      const answers = await fetch("/healthz", { cache: "no-store" }).then((answer) => answer.ok, () => false);
      if (!answers) return;
      clearInterval(timer);
      reload();
    };
    const timer = setInterval(() => void probe(), PROBE_MS);
    void probe();
    return () => clearInterval(timer);
  }, [tried]);
  return (
    <Alert color="yellow" icon={<IconPlugConnectedX aria-hidden />} title={tried ? "This page cannot be loaded" : "Waiting for the server"} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{tried ? "A file of the console is missing, although the page was reloaded. The installation may be incomplete." : "This page opens as soon as the server answers. Your text is not lost."}</Text>
        <Button size="xs" variant="default" onClick={reload}>Reload</Button>
      </Stack>
    </Alert>
  );
}

function reload(): void {
  sessionStorage.setItem(RELOADED, String(Date.now()));
  location.reload();
}

const Broken = ({ error }: { error: Error }) => (
  <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title="This page failed" role="alert">
    <Stack gap="xs" align="flex-start">
      <Text size="sm">The error is in the console; your data is unchanged. Reload, or go back to Now.</Text>
      <Code block className="onrecall-command" tabIndex={0}>{error.message}</Code>
      <Group gap="xs">
        <Button size="xs" onClick={() => location.reload()}>Reload</Button>
        <Button size="xs" variant="default" component="a" href="/">Go to Now</Button>
      </Group>
    </Stack>
  </Alert>
);
