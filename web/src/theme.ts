import { createTheme, defaultVariantColorsResolver, type MantineColorsTuple, type VariantColorsResolver } from "@mantine/core";

const signal: MantineColorsTuple = [
  "#eef6ff", "#dcebfb", "#b5d4f5", "#8bbcf0", "#69a8ec", "#549bea", "#4794ea", "#3881d0", "#2b73bb", "#0f63a5",
];

/** The library's colours, but text on a pale ground dark enough (and on a dim one light enough) for WCAG AA. */
const variantColorResolver: VariantColorsResolver = (input) => {
  const usual = defaultVariantColorsResolver(input);
  const name = input.color ?? input.theme.primaryColor;
  if (input.variant !== "light" || !(name in input.theme.colors)) return usual;
  return { ...usual, color: `light-dark(color-mix(in srgb, var(--mantine-color-${name}-9), black 40%), var(--mantine-color-${name}-1))` };
};

export const theme = createTheme({
  variantColorResolver,
  autoContrast: true,
  luminanceThreshold: 0.28,
  primaryColor: "signal",
  primaryShade: { light: 9, dark: 8 },
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
