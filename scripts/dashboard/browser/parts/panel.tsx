import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** Addresses of what stands before and after a place among rows, which may be none of them. */
export function neighbours<Row>(
  rows: Row[],
  place: number,
  toRow: (row: Row) => string,
): { previous?: string; next?: string } {
  const [previous, next] = [rows[place - 1], rows[place + 1]];
  return {
    previous: previous && toRow(previous),
    next: next && toRow(next),
  };
}

/** What is open beside a table. Esc closes it, and the focus goes back to the row. */
export function Panel(
  { label, close, steps, children }: {
    label: string;
    /** The address without it. */
    close: string;
    steps: ReturnType<typeof neighbours>;
    children: ComponentChildren;
  },
) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    panel.current?.focus();
    return () => {
      document.querySelector<HTMLElement>("tr[tabindex='0']")?.focus();
    };
  }, []);
  return (
    <aside class="panel" aria-label={label} tabIndex={-1} ref={panel}>
      <header>
        <h2>{label}</h2>
        <Step words="Previous" letter="p" href={steps.previous} />
        <Step words="Next" letter="n" href={steps.next} />
        <a class="button" href={close} data-key="Escape">Close</a>
      </header>
      {children}
    </aside>
  );
}

function Step(
  { words, letter, href }: { words: string; letter: string; href?: string },
) {
  return href === undefined
    ? <span class="button" aria-disabled="true">{words}</span>
    : <a class="button" href={href} data-key={letter}>{words}</a>;
}
