// The file of a page is fetched when somebody is about to go there: at a touch, a pointer or the keyboard on a link to it.
import { pageFileAt } from "./page-files";

const SIGNS = ["pointerover", "touchstart", "focusin"] as const;

/** The path that a link inside this console leads to; nothing for other links and for what is no link. */
export function pathOf(target: Pick<Element, "closest"> | null, origin: string): string | null {
  const href = target?.closest("a[href]")?.getAttribute("href");
  if (!href) return null;
  const url = new URL(href, origin);
  return url.origin === origin ? url.pathname : null;
}

/** Watches the page for such signs, until the function that it returns is called. A failure shows where the file is needed. */
export function fetchOnIntent(): () => void {
  const onSign = ({ target }: Event) => {
    const path = target instanceof Element ? pathOf(target, location.origin) : null;
    if (path) void pageFileAt(path)?.().catch(() => undefined);
  };
  for (const sign of SIGNS) addEventListener(sign, onSign, { passive: true });
  return () => { for (const sign of SIGNS) removeEventListener(sign, onSign); };
}
