import { assertEquals } from "@std/assert";
import { repeat } from "./repeat.ts";

const never = 1_000_000;

Deno.test("repeat() works at once when it is woken", async () => {
  const turns = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let count = 0;
  const worker = repeat(() => {
    turns[count++].resolve();
    return Promise.resolve(never);
  }, () => {});
  await turns[0].promise;
  worker.wake();
  await turns[1].promise;
  await worker.stop();
  assertEquals(count, 2);
});

Deno.test("repeat() works once more when it is woken in a turn", async () => {
  const gate = Promise.withResolvers<number>();
  const second = Promise.withResolvers<void>();
  let count = 0;
  const worker = repeat(() => {
    if (++count === 1) return gate.promise;
    second.resolve();
    return Promise.resolve(never);
  }, () => {});
  worker.wake();
  worker.wake();
  gate.resolve(never);
  await second.promise;
  await worker.stop();
  assertEquals(count, 2);
});

Deno.test("repeat() tells why a turn failed and goes on", async () => {
  const failures: unknown[] = [];
  const second = Promise.withResolvers<void>();
  let count = 0;
  const worker = repeat(() => {
    if (++count === 1) return Promise.reject(new Error("no table"));
    second.resolve();
    return Promise.resolve(never);
  }, (error) => failures.push((error as Error).message));
  worker.wake();
  await second.promise;
  await worker.stop();
  assertEquals(failures, ["no table"]);
});
