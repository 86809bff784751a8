// Nothing there, not there yet, and something went wrong: always a sentence and what to do.
import { Alert, Anchor, Button, Paper, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "react-router";

import { Problem } from "../api/client";
import { type Question, useFailure } from "../failures";
import { useLate } from "../live-updates";

export function Failure({ error, again }: { error: Error; again?: () => void }) {
  const known = error instanceof Problem;
  return (
    <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title={known ? error.title : "The server cannot be reached"} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{known ? error.detail : "Is OnRecall running, and is the network up? This page loads once the server answers."}</Text>
        {again && (
          <Button size="xs" variant="light" color="red" onClick={again}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

interface Query extends Question {
  isPending: boolean;
  refetch: () => unknown;
}

/** Why a question failed, with another try; it stays while it is asked again. */
export function QueryFailure({ query }: { query: Query }) {
  const failure = useFailure(query);
  return failure && <Failure error={failure} again={() => void query.refetch()} />;
}

/** The same, and that it is on its way where there is no answer yet. */
export function QueryState({ query, ...size }: { query: Query; rows?: number; height?: number }) {
  const failure = useFailure(query);
  if (failure) return <Failure error={failure} again={() => void query.refetch()} />;
  return query.isPending && <Waiting {...size} />;
}

/** One line in place of a part of a page that failed to load: never the same as "there is nothing". */
export const PartFailed = ({ what, again }: { what: string; again: () => void }) => (
  <Text size="sm" c="red" role="alert">{what} could not be loaded. <Anchor component="button" type="button" size="sm" onClick={again}>Try again</Anchor></Text>
);

export function Empty({ title, level = 2, children }: { title: string; level?: 1 | 2; children: ReactNode }) {
  return (
    <Paper withBorder p="xl" radius="lg">
      <Stack gap="xs" align="center" ta="center">
        <Title order={level} size="h4">
          {title}
        </Title>
        <Text c="dimmed" size="sm" component="div" maw={560}>
          {children}
        </Text>
      </Stack>
    </Paper>
  );
}

/** While memory is searched: says so, and where to look if that takes too long. */
export const Searching = ({ late }: { late: boolean }) => (
  <Stack gap="xs" aria-busy={!late}>
    <Text size="sm" c="dimmed" role="status">{late ? <>No answer yet. The worker may be busy or stopped: <Link to="/system">see System, Health</Link>.</> : "Searching for similar incidents…"}</Text>
    {!late && <Skeleton height={120} radius="md" />}
  </Stack>
);

const SLOW_MS = 4_000;

/** What is on its way; once that takes long, in words. */
export function Waiting({ rows = 4, height = 84 }: { rows?: number; height?: number }) {
  const slow = useLate(SLOW_MS);
  return (
    <Stack gap="sm" aria-busy aria-label="loading">
      {slow && <Text size="sm" c="dimmed" role="status">Still loading: the server takes longer than usual to answer.</Text>}
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={height} radius="md" />
      ))}
    </Stack>
  );
}
