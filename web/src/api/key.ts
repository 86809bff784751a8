// The API key of this tab. It lives in sessionStorage only: it is gone when the tab is closed.
const NAME = "onrecall-key";
const listeners = new Set<() => void>();

export const keyOf = (): string | null => sessionStorage.getItem(NAME);

export function setKey(key: string | null): void {
  if (key) sessionStorage.setItem(NAME, key);
  else sessionStorage.removeItem(NAME);
  for (const listener of listeners) listener();
}

export function onKey(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
