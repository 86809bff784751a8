// An address at which nothing is: what was looked for, and the ways on.
import { Button, Group, Stack } from "@mantine/core";
import { spotlight } from "@mantine/spotlight";
import { Link } from "react-router";

import { Empty } from "./states";

export function NotFound({ title = "Page not found", children }: { title?: string; children?: string }) {
  return (
    <Empty title={title} level={1}>
      <Stack align="center" gap="sm">
        <span>{children ?? "The address may be outdated or mistyped."}</span>
        <Group gap="xs" justify="center">
          <Button component={Link} to="/">Go to Now</Button>
          <Button variant="default" onClick={() => spotlight.open()}>Search</Button>
          <Button variant="default" component={Link} to="/memory">Browse memory</Button>
        </Group>
      </Stack>
    </Empty>
  );
}
