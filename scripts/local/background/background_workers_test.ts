import { assertEquals, assertRejects } from "@std/assert";
import { createBackgroundWorkers } from "./background_workers.ts";

const fail = (error: unknown) => {
  throw error;
};

Deno.test("restart() does not wait for a worker that waits for ever", async () => {
  const told: string[] = [];
  let starts = 0;
  const workers = createBackgroundWorkers([() => {
    const number = ++starts;
    return Promise.resolve({
      stop() {
        told.push(`stop ${number}`);
        return number === 1 ? new Promise<void>(() => {}) : Promise.resolve();
      },
    });
  }], fail);
  await workers.start();
  workers.restart();
  await workers.stop();
  assertEquals(told, ["stop 1", "stop 2"]);
  assertEquals(starts, 2);
});

Deno.test("restart() stops a worker of before that starts late", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const told: string[] = [];
  let starts = 0;
  const workers = createBackgroundWorkers([async () => {
    const number = ++starts;
    if (number === 1) await promise;
    return { stop: () => Promise.resolve(void told.push(`stop ${number}`)) };
  }], fail);
  const started = workers.start();
  workers.restart();
  await workers.stop();
  resolve();
  await started;
  await Promise.resolve();
  assertEquals(told, ["stop 2", "stop 1"]);
});

Deno.test("start() says why a worker cannot start, restart() tells it", async () => {
  const errors: unknown[] = [];
  const error = new Error("no server");
  const workers = createBackgroundWorkers(
    [() => Promise.reject(error)],
    (error) => errors.push(error),
  );
  await assertRejects(() => workers.start(), Error, "no server");
  workers.restart();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(errors, [error, error]);
});
