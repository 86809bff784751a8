// The styles of everything but Now.
import restOfStyles from "./styles/rest.css?url";

let styles: Promise<void> | null = null;

/** The styles, below those of the page, as the library orders them; what failed is tried again by the next one who needs them. */
export function lateStyles(): Promise<void> {
  styles ??= new Promise<void>((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = restOfStyles;
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => {
      styles = null;
      link.remove();
      reject(new Error(`Unable to preload CSS: ${restOfStyles}`));
    });
    document.body.append(link);
  });
  return styles;
}
