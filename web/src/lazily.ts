// Parts of the console that come when they are needed, with the styles that only they need.
import { type ComponentType, lazy, type LazyExoticComponent } from "react";

const styled = () => import("./styles/rest.css");

/** The component once its file and the styles have come. */
export const lazily = <Props>(load: () => Promise<ComponentType<Props>>): LazyExoticComponent<ComponentType<Props>> =>
  lazy(async () => {
    const [part] = await Promise.all([load(), styled()]);
    return { default: part };
  });

const SETTLED_MS = 2_000; // after the page has loaded: what it shows comes first, on a slow network too

/** Fetches what is likely needed next once the page has loaded and the browser has nothing else to do; a failure shows where it is needed. */
export function whenIdle(load: () => Promise<unknown>): void {
  const fetchNext = () => void load().catch(() => undefined);
  const settled = () => setTimeout(() => (globalThis.requestIdleCallback ?? setTimeout)(fetchNext), SETTLED_MS);
  if (document.readyState === "complete") settled();
  else addEventListener("load", settled, { once: true });
}
