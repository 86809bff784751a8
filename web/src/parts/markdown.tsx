// Markdown on a page, of the documentation and of notes: text, lists, tables, pictures, and what is to be copied.
import { Anchor, Blockquote, Code, Divider, List, Stack, Table, Text } from "@mantine/core";
import { lexer, type Token, type Tokens } from "marked";
import { createContext, type ReactNode, useContext, useMemo } from "react";

import { isPicture } from "../images";
import { Command } from "./copy";
import { NoteImage } from "./note-image";

const Height = createContext(220);
const PictureHeight = Height.Provider;
const Embedded = (picture: { name: string; url: string }) => <NoteImage picture={picture} height={useContext(Height)} />;

/** Markdown; with `breaks` a line that ends in the text ends on the page, as people expect of what they write. */
export function Markdown({ text, breaks = false, pictureHeight = 220 }: { text: string; breaks?: boolean; pictureHeight?: number }) {
  const tokens = useMemo(() => lexer(text, { gfm: true, breaks }).filter((token) => token.type !== "space"), [text, breaks]);
  if (tokens.length === 0) return null;
  return <PictureHeight value={pictureHeight}><Stack gap="sm">{tokens.map((token, n) => <Block key={n} token={token} />)}</Stack></PictureHeight>;
}

function Block({ token }: { token: Token }): ReactNode {
  switch (token.type) {
    case "code":
      return <Command text={(token as Tokens.Code).text} />;
    case "list":
      return (
        <List size="sm" spacing={4} className="onrecall-wrap" type={(token as Tokens.List).ordered ? "ordered" : "unordered"}>
          {(token as Tokens.List).items.map((item, n) => <List.Item key={n}><Inline tokens={item.tokens} /></List.Item>)}
        </List>
      );
    case "table":
      return <Rows table={token as Tokens.Table} />;
    case "heading":
      return <Text size="sm" fw={700} className="onrecall-wrap"><Inline tokens={(token as Tokens.Heading).tokens} /></Text>;
    case "blockquote":
      return <Blockquote p="xs" m={0}>{(token as Tokens.Blockquote).tokens.map((inner, n) => <Block key={n} token={inner} />)}</Blockquote>;
    case "hr":
      return <Divider />;
    default:
      return <Text size="sm" component="div" className="onrecall-wrap"><Inline tokens={"tokens" in token && token.tokens ? token.tokens : []} /></Text>;
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
    case "del":
      return <s>{inner}</s>;
    case "checkbox":
      return (token as Tokens.Checkbox).checked ? "☑ " : "☐ ";
    case "br":
      return <br />;
    case "image": {
      const { href, text } = token as Tokens.Image;
      return isPicture(href) ? <Embedded name={text} url={href} /> : inner;
    }
    case "link":
      return /^https?:/.test((token as Tokens.Link).href) ? <Anchor href={(token as Tokens.Link).href} target="_blank" rel="noreferrer" inherit>{inner}</Anchor> : inner;
    default:
      return inner;
  }
}
