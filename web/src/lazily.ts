// Parts of the console that come when they are needed, with the styles that only they need.
import { type ComponentType, lazy, type LazyExoticComponent, useEffect, useState } from "react";

import { lateStyles } from "./late-styles";

const AGAIN_MS = 2_000;
const SETTLED_MS = 6_000; // after the page has loaded: what it shows comes first, on a slow phone too

async function withStyles<Part>(load: () => Promise<Part>): Promise<Part> {
  const [part] = await Promise.all([load(), lateStyles()]);
  return part;
}

/** The component of a page once its file and the styles have come; a failure shows in place of the page. */
export const lazily = <Props>(load: () => Promise<ComponentType<Props>>): LazyExoticComponent<ComponentType<Props>> =>
  lazy(async () => ({ default: await withStyles(load) }));

/** The component of what stands beside the page, once it is wanted and has come; null until then. A failure is tried again. */
export function useLoaded<Props>(load: () => Promise<ComponentType<Props>>, wanted: boolean): ComponentType<Props> | null {
  const [part, setPart] = useState<ComponentType<Props> | null>(null);
  const [tries, setTries] = useState(0);
  const missing = wanted && !part;
  useEffect(() => {
    if (!missing) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    withStyles(load).then((loaded) => setPart(() => loaded), () => { timer = setTimeout(() => setTries((count) => count + 1), AGAIN_MS); });
    return () => clearTimeout(timer);
  }, [load, missing, tries]);
  return part;
}

/** Fetches what is likely needed next once the page has loaded and the browser has nothing else to do; a failure shows where it is needed. */
export function whenIdle(load: () => Promise<unknown>): void {
  const fetchNext = () => void load().catch(() => undefined);
  const settled = () => setTimeout(() => (globalThis.requestIdleCallback ?? setTimeout)(fetchNext), SETTLED_MS);
  if (document.readyState === "complete") settled();
  else addEventListener("load", settled, { once: true });
}
