import { assertEquals } from "@std/assert";
import { h } from "preact";
import { renderToStaticMarkup } from "preact-render-to-string";
import { column, Table, type TableProps } from "./table.tsx";

interface Row {
  id: number;
  name: string;
}

const props: TableProps<Row> = {
  label: "Rows",
  columns: [column("Name", "10rem", ({ name }) => name)],
  rows: [{ id: 1, name: "a" }, { id: 2, name: "<b>" }],
  rowKey: ({ id }) => id,
};

const draw = (more: Partial<TableProps<Row>> = {}) =>
  renderToStaticMarkup(h(Table<Row>, { ...props, ...more }));

Deno.test("Table() tells whoever listens how many rows there are and which these are", () => {
  const counts = (html: string) =>
    [...html.matchAll(/aria-row(?:count|index)="(-?\d+)"/g)].map(([, n]) => +n);
  assertEquals(counts(draw()), [3, 1, 2, 3]);
  assertEquals(counts(draw({ count: 500, first: 10 })), [501, 1, 12, 13]);
  assertEquals(counts(draw({ count: -1 })), [-1, 1, 2, 3]);
});

Deno.test("Table() has one row that the Tab key comes to: the one that is open, else the first", () => {
  const stops = (html: string) =>
    [...html.matchAll(/<tr aria-rowindex="\d+"[^>]*tabindex="(-?\d)"/g)].map((
      [, n],
    ) => +n);
  assertEquals(stops(draw()), [0, -1]);
  assertEquals(stops(draw({ isOpen: ({ id }) => id === 2 })), [-1, 0]);
});

Deno.test("Table() leads from the first cell of a row, and shows strangers' words as text", () => {
  const html = draw({ href: ({ id }) => `#${id}` });
  assertEquals(
    html.includes(
      '<td><a href="#2" tabindex="-1"><span class="text" dir="auto">&lt;b></span></a></td>',
    ),
    true,
  );
  assertEquals(draw({ rows: [], empty: "None." }).includes("None."), true);
});
