import { useLayoutEffect, useRef } from "preact/hooks";
import { rowsAreTall } from "./row_height.tsx";

/** How near an end is before more is asked for, in rows. */
const NEAR_ROWS = 15;

/**
 * Keeps what is read where it is when rows come or go above it, and tells when an end comes near.
 * Browsers' own scroll anchoring does not do it in Safari.
 */
export function useKeptPlace<Row>(
  rows: Row[],
  { rowKey, onEdge, onTop }: {
    rowKey(row: Row): string | number;
    onEdge?(edge: "start" | "end"): void;
    onTop?(row: Row): void;
  },
) {
  const ref = useRef<HTMLDivElement>(null);
  /** The first row that can be seen, and how much of it is above the edge. */
  const kept = useRef<{ key: string | number; hidden: number } | undefined>(
    undefined,
  );

  function rowHeight(): number {
    const row = ref.current!.querySelector("tbody tr");
    return row ? row.getBoundingClientRect().height : 1;
  }

  useLayoutEffect(() => {
    if (!onEdge || !kept.current) return;
    const { key, hidden } = kept.current;
    const index = rows.findIndex((row) => rowKey(row) === key);
    ref.current!.scrollTop = index < 0 ? 0 : index * rowHeight() + hidden;
  }, [rows[0] && rowKey(rows[0]), rowsAreTall.value]);

  function onScroll(): void {
    const box = ref.current!;
    const height = rowHeight();
    const index = Math.floor(box.scrollTop / height);
    const top = rows[index];
    if (!onEdge || top === undefined) return;
    kept.current = { key: rowKey(top), hidden: box.scrollTop - index * height };
    onTop?.(top);
    const below = box.scrollHeight - box.scrollTop - box.clientHeight;
    if (below < NEAR_ROWS * height) onEdge("end");
    else if (index < NEAR_ROWS) onEdge("start");
  }

  return { ref, onScroll };
}
