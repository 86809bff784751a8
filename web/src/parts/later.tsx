// What stands below the first screen of a page.
import { type ReactNode, useDeferredValue } from "react";

/** Its children a moment later, drawn in slices: neither what is seen first nor a touch waits for them. */
export const Later = ({ children }: { children: ReactNode }): ReactNode => (useDeferredValue(true, false) ? children : null);
