import { assertEquals, assertThrows } from "@std/assert";
import { readPort } from "./read_port.ts";

Deno.test("readPort() takes a port, or none", () => {
  assertEquals(readPort("54321"), 54_321);
  assertEquals(readPort("0"), 0);
  assertEquals(readPort(undefined), undefined);
});

for (const value of ["", "x", "-1", "65536", "1.5"]) {
  Deno.test(`readPort() refuses ${JSON.stringify(value)}`, () => {
    assertThrows(() => readPort(value), Error, "from 0 to 65535");
  });
}
