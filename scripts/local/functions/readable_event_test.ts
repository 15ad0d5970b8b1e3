import { assertEquals } from "@std/assert";
import { toReadableEvent } from "./readable_event.ts";

Deno.test("toReadableEvent() tells events in words and leaves other lines alone", () => {
  assertEquals(
    toReadableEvent(
      '{"event":"worker ended","run":7,"why":"no work","failures":{"html":2}}',
    ),
    'worker ended run=7 why=no work failures={"html":2}',
  );
  for (const line of ["Error: a bug", '{"a":1}', '{"event":"worker e']) {
    assertEquals(toReadableEvent(line), line);
  }
});
