// The documentation's own words on a page: text, lists, tables, and what is to be copied.
import { Anchor, Code, List, Stack, Table, Text } from "@mantine/core";
import { lexer, type Token, type Tokens } from "marked";
import { type ReactNode, useMemo } from "react";

import { Command } from "./copy";

/** Markdown of the server's own documentation. */
export function Prose({ text }: { text: string }) {
  const tokens = useMemo(() => lexer(text).filter((token) => token.type !== "space"), [text]);
  if (tokens.length === 0) return null;
  return <Stack gap="sm">{tokens.map((token, n) => <Block key={n} token={token} />)}</Stack>;
}

function Block({ token }: { token: Token }): ReactNode {
  switch (token.type) {
    case "code":
      return <Command text={(token as Tokens.Code).text} />;
    case "list":
      return (
        <List size="sm" spacing={4} className="onrecall-wrap">
          {(token as Tokens.List).items.map((item, n) => <List.Item key={n}><Inline tokens={item.tokens} /></List.Item>)}
        </List>
      );
    case "table":
      return <Rows table={token as Tokens.Table} />;
    default:
      return <Text size="sm" className="onrecall-wrap"><Inline tokens={"tokens" in token && token.tokens ? token.tokens : []} /></Text>;
  }
}

function Rows({ table }: { table: Tokens.Table }) {
  return (
    <Table fz="sm" className="onrecall-wrap">
      <Table.Thead><Table.Tr>{table.header.map((cell, n) => <Table.Th key={n}><Inline tokens={cell.tokens} /></Table.Th>)}</Table.Tr></Table.Thead>
      <Table.Tbody>
        {table.rows.map((row, n) => <Table.Tr key={n}>{row.map((cell, m) => <Table.Td key={m}><Inline tokens={cell.tokens} /></Table.Td>)}</Table.Tr>)}
      </Table.Tbody>
    </Table>
  );
}

function Inline({ tokens }: { tokens: readonly Token[] }): ReactNode {
  return tokens.map((token, n) => <Span key={n} token={token} />);
}

function Span({ token }: { token: Token }): ReactNode {
  const inner = "tokens" in token && token.tokens ? <Inline tokens={token.tokens} /> : "text" in token ? String(token.text) : token.raw;
  switch (token.type) {
    case "codespan":
      return <Code>{(token as Tokens.Codespan).text}</Code>;
    case "strong":
      return <b>{inner}</b>;
    case "em":
      return <em>{inner}</em>;
    case "link":
      return /^https?:/.test((token as Tokens.Link).href) ? <Anchor href={(token as Tokens.Link).href} target="_blank" rel="noreferrer" inherit>{inner}</Anchor> : inner;
    default:
      return inner;
  }
}
