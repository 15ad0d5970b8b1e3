import { assert, assertEquals } from "@std/assert";
import { FAULT_NAMES } from "../local/model_simulator/faults.ts";
import { createRandom } from "../local/model_simulator/latency.ts";
import { drawIncident, EVERYDAY_RATES } from "./misbehave.ts";

const incidents = (seed: number) => {
  const random = createRandom(seed);
  return Array.from({ length: 100 }, () => drawIncident(random));
};

Deno.test("EVERYDAY_RATES add up to one call in ten", () => {
  const rates = Object.values(EVERYDAY_RATES) as number[];
  const total = rates.reduce((a, b) => a + b, 0);
  assert(Math.abs(total - 0.1) < 1e-9, `${total}`);
});

Deno.test("every fault of the simulator happens in chaos", () => {
  const happening = new Set(
    [{ rates: EVERYDAY_RATES }, ...incidents(1)].flatMap(({ rates }) =>
      Object.keys(rates)
    ),
  );
  assertEquals(FAULT_NAMES.filter((fault) => !happening.has(fault)), []);
});

Deno.test("drawIncident() repeats for the same seed", () => {
  assertEquals(incidents(7), incidents(7));
  assertEquals(new Set(incidents(7).map(({ kind }) => kind)).size, 2);
});
