// The documentation's own words on a page: text, lists, tables, and what is to be copied.
import { Anchor, Code, List, Stack, Table, Text } from "@mantine/core";
import type { Token, Tokens } from "marked";
import type { ReactNode } from "react";

import { Command } from "./copy";

/** `fill` puts in what only this server knows. */
export function Prose({ tokens, fill }: { tokens: readonly Token[]; fill: (text: string) => string }) {
  return <Stack gap="sm">{tokens.map((token, n) => <Block key={n} token={token} fill={fill} />)}</Stack>;
}

type Piece = { token: Token; fill: (text: string) => string };

function Block({ token, fill }: Piece): ReactNode {
  switch (token.type) {
    case "code":
      return <Command text={fill((token as Tokens.Code).text)} />;
    case "list":
      return (
        <List size="sm" spacing={4} className="onrecall-wrap">
          {(token as Tokens.List).items.map((item, n) => <List.Item key={n}><Inline tokens={item.tokens} fill={fill} /></List.Item>)}
        </List>
      );
    case "table":
      return <Rows table={token as Tokens.Table} fill={fill} />;
    default:
      return <Text size="sm" className="onrecall-wrap"><Inline tokens={"tokens" in token && token.tokens ? token.tokens : []} fill={fill} /></Text>;
  }
}

function Rows({ table, fill }: { table: Tokens.Table; fill: (text: string) => string }) {
  return (
    <Table fz="sm" className="onrecall-wrap">
      <Table.Thead><Table.Tr>{table.header.map((cell, n) => <Table.Th key={n}><Inline tokens={cell.tokens} fill={fill} /></Table.Th>)}</Table.Tr></Table.Thead>
      <Table.Tbody>
        {table.rows.map((row, n) => <Table.Tr key={n}>{row.map((cell, m) => <Table.Td key={m}><Inline tokens={cell.tokens} fill={fill} /></Table.Td>)}</Table.Tr>)}
      </Table.Tbody>
    </Table>
  );
}

function Inline({ tokens, fill }: { tokens: readonly Token[]; fill: (text: string) => string }): ReactNode {
  return tokens.map((token, n) => <Span key={n} token={token} fill={fill} />);
}

function Span({ token, fill }: Piece): ReactNode {
  const inner = "tokens" in token && token.tokens ? <Inline tokens={token.tokens} fill={fill} /> : fill("text" in token ? String(token.text) : token.raw);
  switch (token.type) {
    case "codespan":
      return <Code>{fill((token as Tokens.Codespan).text)}</Code>;
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
