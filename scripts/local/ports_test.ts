import {
  assertEquals,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  chooseFreePort,
  chooseFreePortFrom,
  startOnFreePort,
} from "./ports.ts";

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

Deno.test("startOnFreePort() takes the next port when one is taken before it is used", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const free = chooseFreePort();
  const ports = [taken.addr.port, free];
  const tried: number[] = [];
  const started = await startOnFreePort(() => ports.shift()!, (port) => {
    tried.push(port);
    return port === free
      ? Promise.resolve("started")
      : Promise.reject(new Error("AddrInUse"));
  });
  assertEquals([started, tried], ["started", [taken.addr.port, free]]);
  await assertRejects(
    () =>
      startOnFreePort(
        () => taken.addr.port,
        () => Promise.reject(new Error("taken for good")),
      ),
    Error,
    "taken for good",
  );
  taken.close();
});

Deno.test("startOnFreePort() does not try again when something else is wrong", async () => {
  let tries = 0;
  await assertRejects(
    () =>
      startOnFreePort(chooseFreePort, () => {
        tries++;
        return Promise.reject(new Error("no such program"));
      }),
    Error,
    "no such program",
  );
  assertEquals(tries, 1);
});
