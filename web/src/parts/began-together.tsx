// Incidents that began within seconds though nothing ties them: one hint, one click to merge them or to keep them apart.
import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, dataOf, type Schemas } from "../api/client";
import { hasFailed, unlessFailed } from "../failures";
import { shortName } from "../format";
import { mayChange, useMe } from "../current-user";
import { useEvery } from "../live-updates";
import { PartFailed } from "./states";
import { showError, showSuccess } from "./toasts";

type Burst = Schemas["BeganTogetherOut"];

const EVERY_MS = 10_000;
const NAMED = 6;

export function BeganTogether() {
  const bursts = useQuery({ queryKey: ["together"], queryFn: () => dataOf(api.GET("/api/v1/together")), refetchInterval: unlessFailed(useEvery(EVERY_MS)) });
  if (hasFailed(bursts)) return <PartFailed what="Which incidents began together" again={() => void bursts.refetch()} />;
  return <>{(bursts.data?.items ?? []).map((burst) => <BurstHint key={burst.incidents.map(({ id }) => id).join(" ")} burst={burst} />)}</>;
}

function BurstHint({ burst }: { burst: Burst }) {
  const queries = useQueryClient();
  const me = useMe();
  const decide = useMutation({
    mutationFn: (together: boolean) => dataOf(api.POST("/api/v1/together", { body: { incidents: burst.incidents.map(({ id }) => id), together } })),
    onSuccess: (first, together) => {
      showSuccess(together ? `They are now ${first.id}, and such alerts form one incident from now on.` : "They stay separate, and so do such alerts from now on.");
      void queries.invalidateQueries({ queryKey: ["together"] });
      void queries.invalidateQueries({ queryKey: ["incidents"] });
    },
    onError: showError,
  });
  const names = [...new Set(burst.incidents.map((incident) => shortName(incident.service ?? incident.title)))];
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  const locked = !mayChange(me.data?.role);
  return (
    <Alert color="blue" variant="light" p="sm" title={`${burst.incidents.length} incidents began together`} role="status">
      <Stack gap="xs">
        <Text size="sm" className="onrecall-wrap">Within {Math.max(1, Math.round(burst.seconds))} s: {names.slice(0, NAMED).join(", ")}{more}. Nothing in their alerts connects them.</Text>
        <Group gap="xs">
          <Button size="xs" loading={decide.isPending} disabled={locked} onClick={() => decide.mutate(true)}>They are one incident</Button>
          <Button size="xs" variant="default" disabled={locked || decide.isPending} onClick={() => decide.mutate(false)}>Keep them separate</Button>
        </Group>
      </Stack>
    </Alert>
  );
}
