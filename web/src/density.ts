// How close rows stand: chosen once, remembered by this browser, the same in all its tabs.
import { useLocalStorage } from "@mantine/hooks";

type Density = "comfortable" | "compact";

const STORED = "onrecall-density";

/** What is stored, if it is a density; anything else is the usual one. */
export const densityOf = (stored: unknown): Density => (stored === "compact" ? "compact" : "comfortable");

/** The density, and how to change it to the other one. */
export function useDensity(): [Density, () => void] {
  const [density, store] = useLocalStorage<Density>({ key: STORED, defaultValue: "comfortable", getInitialValueInEffect: false, serialize: String, deserialize: densityOf });
  return [density, () => store(density === "compact" ? "comfortable" : "compact")];
}
