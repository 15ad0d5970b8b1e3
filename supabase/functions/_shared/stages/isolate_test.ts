import { assertEquals } from "@std/assert";
import { Isolate } from "./isolate.ts";

const createIsolate = () => new Isolate(() => undefined);

Deno.test("Isolate lets a worker that is alone do the usual load", () => {
  const worker = createIsolate().enter(1);
  worker.use(0.5);
  assertEquals(worker.spent(), 0.5);
  worker.use(0.5);
  assertEquals(worker.spent(), 1);
});

Deno.test("Isolate divides its processor time among workers that meet in it", () => {
  const isolate = createIsolate();
  const workers = Array.from({ length: 4 }, () => isolate.enter(1));
  while (workers.every((worker) => worker.spent() < 1)) {
    for (const worker of workers) worker.use(0.01);
  }
  assertEquals(isolate.load.toFixed(1), "1.5");
});

Deno.test("Isolate takes what is left for a worker that comes later", () => {
  const isolate = createIsolate();
  const first = isolate.enter(1);
  first.use(0.9);
  const second = isolate.enter(1);
  assertEquals(second.spent(), 0);
  first.use(0.1);
  second.use(0.2);
  assertEquals(second.spent().toFixed(3), (0.3 / 0.6).toFixed(3));
});

Deno.test("Isolate gives half of what is counted to a worker that comes when the counters are full", () => {
  const isolate = createIsolate();
  isolate.enter(0.5).use(0.5);
  const second = isolate.enter(0.5);
  second.use(0.24);
  assertEquals(second.spent().toFixed(2), "0.96");
});

Deno.test("Isolate learns from requests that arrive that its loads are cheap", () => {
  const isolate = createIsolate();
  isolate.enter(1).use(4);
  const worker = isolate.enter(1);
  worker.use(1);
  assertEquals(worker.spent(), 1);
  isolate.enter(1).use(0.9);
  assertEquals(worker.spent(), 1);
});

Deno.test("Isolate has room below 70 % of its memory", () => {
  assertEquals(createIsolate().hasRoom(), true);
  assertEquals(new Isolate(() => 100e6).hasRoom(), true);
  assertEquals(new Isolate(() => 200e6).hasRoom(), false);
});

Deno.test("Isolate looks at its memory now and then, and until there is room again", () => {
  let looks = 0;
  let bytes = 100e6;
  const { hasRoom } = new Isolate(() => {
    looks++;
    return bytes;
  });
  for (let call = 0; call < 40; call++) hasRoom();
  assertEquals(looks, 2);
  bytes = 200e6;
  assertEquals([hasRoom(), hasRoom(), hasRoom()], [false, false, false]);
  bytes = 100e6;
  assertEquals(hasRoom(), true);
});
