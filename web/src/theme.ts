import { createTheme, type MantineColorsTuple } from "@mantine/core";

const signal: MantineColorsTuple = [
  "#eef6ff", "#dcebfb", "#b5d4f5", "#8bbcf0", "#69a8ec", "#549bea", "#4794ea", "#3881d0", "#2b73bb", "#0f63a5",
];

export const theme = createTheme({
  primaryColor: "signal",
  primaryShade: { light: 9, dark: 5 },
  colors: { signal },
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
});

/** The nonce of this page: style elements without it are refused by the browser. */
export const nonce = (): string =>
  document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? "";
