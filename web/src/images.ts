// Pictures in notes: only those that this server stores are ever loaded.

const ADDRESS = /^\/api\/v1\/incidents\/[^/?#\s]+\/images\/[0-9a-f]{32}$/;
const EMBEDDED = /!\[([^\]\n]*)\]\(([^()\s]+)\)/g;
const TYPES = new Set(["image/png", "image/jpeg", "image/webp", "image/gif"]);
export const ACCEPTED = [...TYPES].join(",");
export const LARGEST = 5 * 1024 * 1024;

export interface ImageAddress {
  name: string;
  url: string;
}

/** Whether an address is that of a picture on this server. */
export const isPicture = (url: string): boolean => ADDRESS.test(url);

/** The pictures that a text shows, each once. */
export function picturesIn(text: string): ImageAddress[] {
  const images = [...text.matchAll(EMBEDDED)].flatMap(([, name = "", url = ""]) => (isPicture(url) ? [{ name, url }] : []));
  return images.filter((image, n) => images.findIndex((other) => other.url === image.url) === n);
}

/** Why a file can't be sent as a picture; null when it can. The server looks at its content once more. */
export function unfit(file: Pick<File, "name" | "size" | "type">): string | null {
  if (!TYPES.has(file.type)) return `${file.name || "The file"} is not a PNG, JPEG, WebP or GIF.`;
  if (file.size > LARGEST) return `${file.name || "The picture"} is larger than 5 MB.`;
  return null;
}

/** The text with something put in at a place, on lines of its own. */
export function inserted(text: string, at: number, what: string): string {
  const [before, after] = [text.slice(0, at), text.slice(at)];
  const lead = before === "" || before.endsWith("\n") ? "" : "\n\n";
  return `${before}${lead}${what}\n${after.startsWith("\n") || after === "" ? after : `\n${after}`}`;
}
