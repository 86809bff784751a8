// A field whose text is part of the page's address: what is typed stands at once, and the address follows. The router writes an
// address when it finds time, and a field that waited for it would lose letters.
import { TextInput, type TextInputProps } from "@mantine/core";
import { useEffect, useRef, useState } from "react";

import { ownEcho } from "../address-echo";

const PAUSE_MS = 150; // a list is asked for once somebody has typed, not at each letter

interface AddressFieldProps extends Omit<TextInputProps, "value" | "onChange" | "onBlur"> {
  /** What the address has. */
  value: string;
  write: (text: string) => void;
}

export function AddressField({ value, write, ...rest }: AddressFieldProps) {
  const [typed, setTyped] = useState(value);
  const sent = useRef<string[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const shown = useRef(value);
  useEffect(() => {
    shown.current = value;
    if (ownEcho(sent.current, value)) return;
    clearTimeout(timer.current);
    setTyped(value); // somebody went back, or cleared the filters
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (text: string) => {
    setTyped(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      if (text === (sent.current[sent.current.length - 1] ?? shown.current)) return; // typed and taken back: no address will echo it
      sent.current.push(text);
      write(text);
    }, PAUSE_MS);
  };
  return <TextInput {...rest} value={typed} onChange={(event) => type(event.currentTarget.value)} />;
}
