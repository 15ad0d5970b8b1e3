import { assertEquals } from "@std/assert";
import type { Turn } from "../conversation.ts";
import { inOrder } from "./in_order.ts";

function turnsOf(...times: Turn["time"][]): Turn[] {
  return times.map((time, index) => ({
    role: "user",
    text: `${index}`,
    ...time !== undefined && { time },
  }));
}

function order(turns: Turn[]): string {
  return inOrder(turns).map(({ text }) => text).join("");
}

Deno.test("inOrder() sorts by time, in whatever way it is written", () => {
  assertEquals(order(turnsOf(3, 1, 2)), "120");
  assertEquals(
    order(turnsOf(
      "2025-01-01T10:00:00.000002Z",
      "2025-01-01T10:00:00.000001Z",
      "2025-01-01T11:30:00+02:00",
    )),
    "210",
  );
  assertEquals(
    order(turnsOf("1761380288898609914", "1761380288898609913")),
    "01",
  );
});

Deno.test("inOrder() leaves a list in order, and one without times", () => {
  const turns = turnsOf(
    "2025-01-01T10:00:00Z",
    undefined,
    "2025-01-01T10:00:01Z",
  );
  assertEquals(inOrder(turns), turns);
  assertEquals(order(turnsOf(undefined, "never", "at 3")), "012");
});

Deno.test("inOrder() keeps a turn without a time behind the one before it", () => {
  assertEquals(order(turnsOf(2, undefined, 1, undefined)), "2301");
});

Deno.test("inOrder() reads a list that is newest first from its end", () => {
  assertEquals(order(turnsOf(2, 1, 1, 1)), "3210");
});

Deno.test("inOrder() leaves trees alone, which are in order", () => {
  const turns = turnsOf(2, 1).map((turn) => ({ ...turn, parent: -1 }));
  assertEquals(inOrder(turns), turns);
});
