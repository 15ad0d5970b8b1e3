import {
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { chooseFreePort, chooseFreePortFrom } from "./ports.ts";

Deno.test("chooseFreePortFrom() takes the next port when one is busy", () => {
  const preferred = chooseFreePort();
  using _busy = Deno.listen({ hostname: "127.0.0.1", port: preferred });
  const port = chooseFreePortFrom(preferred);
  assertNotStrictEquals(port, preferred);
  assertEquals(port > preferred && port < preferred + 100, true);
});

Deno.test("chooseFreePortFrom() takes the preferred port when it is free", () => {
  const port = chooseFreePort();
  assertStrictEquals(chooseFreePortFrom(port), port);
});

Deno.test("chooseFreePort() gives up when every try is busy", () => {
  using busy = Deno.listen({ hostname: "127.0.0.1", port: chooseFreePort() });
  const sameEveryTime = (busy.addr.port - 20_000 + 0.5) / 12_000;
  assertThrows(() => chooseFreePort(() => sameEveryTime), Error, "200 ports");
});
