// A list as long as it likes: only the rows on the screen are drawn, so that ten thousand scroll as smoothly as ten.
import { useWindowVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

interface LongListProps<Row> {
  label: string;
  rows: readonly Row[];
  /** About how high a row is, in pixels, before it is drawn and measured. */
  estimate: (row: Row) => number;
  idOf: (row: Row) => string;
  /** The row that the keyboard is on; below zero: none. */
  chosen?: number;
  /** Fetches what follows; absent while it is fetched, and at the end. */
  more: (() => void) | undefined;
  children: (row: Row, chosen: boolean) => ReactNode;
}

export function VirtualList<Row>({ label, rows, estimate, idOf, chosen = -1, more, children }: LongListProps<Row>) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(box.current ? box.current.getBoundingClientRect().top + scrollY : 0), [rows.length]);
  const getItemKey = useCallback((index: number) => { const row = rows[index]; return row === undefined ? index : idOf(row); }, [rows, idOf]);
  const estimateSize = (index: number): number => { const row = rows[index]; return row === undefined ? 0 : estimate(row); };
  const shown = useWindowVirtualizer({ count: rows.length, estimateSize, getItemKey, overscan: 10, scrollMargin: top, useFlushSync: false, initialRect: { width: innerWidth, height: innerHeight } });
  const drawn = shown.getVirtualItems();
  const last = drawn.at(-1)?.index ?? 0;
  useEffect(() => shown.measure(), [estimate, shown]);
  useEffect(() => { if (more && rows.length && last >= rows.length - 30) more(); }, [last, more, rows.length]);
  useEffect(() => { if (chosen >= 0) shown.scrollToIndex(chosen, { align: "auto" }); }, [chosen, shown]);
  useStill(rows, idOf, shown);
  return (
    <div ref={box} role="list" aria-label={label} style={{ height: shown.getTotalSize(), position: "relative" }}>
      {drawn.map((row) => {
        const item = rows[row.index];
        return item !== undefined && (
          <div key={row.key} ref={shown.measureElement} data-index={row.index} role="listitem" aria-setsize={rows.length} aria-posinset={row.index + 1} className="onrecall-long"
            style={{ transform: `translateY(${row.start - shown.options.scrollMargin}px)` }}>
            {children(item, row.index === chosen)}
          </div>
        );
      })}
    </div>
  );
}

/** What is being read stays where it is when something new comes in above it. */
function useStill<Row>(rows: readonly Row[], idOf: (row: Row) => string, shown: Virtualizer<Window, Element>): void {
  const first = useRef<string | undefined>(undefined);
  useLayoutEffect(() => {
    const before = first.current;
    const row = rows[0];
    const top = shown.options.scrollMargin;
    first.current = row === undefined ? undefined : idOf(row);
    if (before === undefined || before === first.current || scrollY <= top) return;
    const now = rows.findIndex((row) => idOf(row) === before);
    if (now > 0) scrollBy(0, (shown.measurementsCache[now]?.start ?? top) - top);
  }, [rows, idOf, shown]);
}
