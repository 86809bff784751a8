// A part of a page with its heading, and a list in it.
import { Box, Divider, List, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

import { InlineCode } from "./inline-code";

export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Box component="section" aria-label={title}>
      <Divider label={<Title order={2} size="h5">{title}</Title>} labelPosition="left" mb="xs" />
      {children}
    </Box>
  );
}

export function Bullets({ items, lead }: { items: readonly string[]; lead?: string }) {
  return (
    <>
      {lead && <Text size="sm">{lead}</Text>}
      <List size="sm" spacing={4} className="onrecall-wrap">{items.map((item) => <List.Item key={item}><InlineCode text={item} /></List.Item>)}</List>
    </>
  );
}
