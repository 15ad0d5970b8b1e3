import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { go } from "../data/here.ts";
import { useKeptPlace } from "./use_kept_place.ts";
import { shown } from "./visible_text.tsx";

/** A column of a table. */
export interface Column<Row> {
  head: string;
  /** CSS width, more where the head needs it. What is left is shared by all columns. */
  width: string;
  /** A text is a stranger's, shown as VisibleText does; null is a dash. */
  cell(row: Row): ComponentChildren;
  isNumber?: true;
}

/** A column of words. */
export function column<Row>(
  head: string,
  width: string,
  cell: (row: Row) => ComponentChildren,
): Column<Row> {
  return { head, width, cell };
}

/** A column of numbers. */
export function figure<Row>(
  head: string,
  width: string,
  cell: (row: Row) => ComponentChildren,
): Column<Row> {
  return { head, width, cell, isNumber: true };
}

/** Rows of one height with a head that stays. */
export interface TableProps<Row> {
  /** What a screen reader says of it. */
  label: string;
  /** A row is drawn anew when these are others, or `href` is: what both show must be of the row alone. */
  columns: Column<Row>[];
  rows: Row[];
  rowKey(row: Row): string | number;
  /** Where a row leads. */
  href?(row: Row): string;
  /** The row that is open beside the table. */
  isOpen?(row: Row): boolean;
  /** Of all rows, also those that are not shown; -1: not known; absent: those shown. */
  count?: number;
  /** Place of the first row among all of them, from 0. */
  first?: number;
  /** What stands in place of rows where there is none. */
  empty?: ComponentChildren;
  /** Called when an end of the rows comes near. */
  onEdge?(edge: "start" | "end"): void;
  /** Called with the first row that can be seen. */
  onTop?(row: Row): void;
}

/**
 * A real `<table>`: the first cell of a row is a link, j and k or the arrows move between rows, Enter
 * opens one. Rows that come in above do not move those that are read.
 */
export function Table<Row>(
  { label, columns, rows, count, first = 0, empty, ...props }: TableProps<Row>,
) {
  const box = useKeptPlace(rows, props);
  const open = props.isOpen ? rows.findIndex(props.isOpen) : -1;
  return (
    <div
      class="scroll"
      role="region"
      aria-label={label}
      tabIndex={0}
      ref={box.ref}
      onScroll={box.onScroll}
      onPointerOver={tellWhole}
    >
      <table
        aria-label={label}
        aria-rowcount={count === undefined
          ? rows.length + 1
          : count < 0
          ? -1
          : count + 1}
        data-rows
      >
        <colgroup>
          {columns.map(({ head, width }) => (
            <col key={head} style={{ "--width": widthWith(head, width) }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map(({ head, isNumber }) => (
              <th
                key={head}
                scope="col"
                title={head}
                class={isNumber && "number"}
              >
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <TableRow
              key={props.rowKey(row)}
              row={row}
              columns={columns}
              rowIndex={first + index + 2}
              isOpen={index === open}
              isFirst={index === Math.max(open, 0)}
              toHref={props.href}
            />
          ))}
        </tbody>
      </table>
      {rows.length === 0 && empty && <p class="empty">{empty}</p>}
    </div>
  );
}

/** A column as wide as its head in bold letters, but no wider for the name of an evaluator than 16rem. */
function widthWith(head: string, width: string): string {
  return `max(${width}, min(16rem, ${head.length * 0.72 + 1.3}rem))`;
}

/** Drawn anew only when something of it is another: of a hundred rows a key changes two. */
function TableRow<Row>(
  { row, columns, rowIndex, isOpen, isFirst, toHref }: {
    row: Row;
    columns: Column<Row>[];
    rowIndex: number;
    isOpen: boolean;
    /** The row that the focus comes to. */
    isFirst: boolean;
    toHref?(row: Row): string;
  },
) {
  return useMemo(() => {
    const href = toHref?.(row);
    return (
      <tr
        aria-rowindex={rowIndex}
        aria-current={isOpen ? "true" : undefined}
        tabIndex={isFirst ? 0 : -1}
        class={href && "leads"}
        onClick={href ? (event) => follow(event, href) : undefined}
        onKeyDown={href
          ? (event) => {
            const isRow = event.target === event.currentTarget;
            if (event.key === "Enter" && isRow) go(href);
          }
          : undefined}
      >
        {columns.map(({ head, cell, isNumber }, place) => {
          const content = shown(cell(row));
          return (
            <td key={head} class={isNumber && "number"}>
              {place === 0 && href
                ? <a href={href} tabIndex={-1}>{content}</a>
                : content}
            </td>
          );
        })}
      </tr>
    );
  }, [row, columns, rowIndex, isOpen, isFirst, toHref]);
}

/** What is cut is told whole to who points at it. */
function tellWhole({ target }: PointerEvent): void {
  const cell = (target as Element).closest("td");
  if (!cell) return;
  cell.title = cell.scrollWidth > cell.clientWidth ? cell.innerText : "";
}

/** A click anywhere in a row opens it, but words can be selected and links and buttons stay what they are. */
function follow(event: MouseEvent, address: string): void {
  const target = event.target as Element;
  if (target.closest("a, button, input, select, label")) return;
  if (String(getSelection()) !== "") return;
  go(address);
}
