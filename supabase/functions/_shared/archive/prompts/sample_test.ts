import { deepEqual, equal, ok } from "node:assert/strict";
import { promptRank, sampleByCount } from "./sample.ts";

const prompts = Array.from({ length: 1000 }, (_, n) => ({ key: `key ${n}` }));

Deno.test("promptRank() spreads keys evenly from 0 to below 1", () => {
  const ranks = prompts.map(({ key }) => promptRank("seed", key));
  ok(ranks.every((rank) => rank >= 0 && rank < 1));
  const below = ranks.filter((rank) => rank < 0.3).length;
  ok(below > 250 && below < 350);
});

Deno.test("promptRank() depends on seed and key alone", () => {
  equal(promptRank("a", "key"), promptRank("a", "key"));
  ok(promptRank("a", "key") !== promptRank("b", "key"));
});

Deno.test("sampleByCount() takes the same prompts whatever their order", () => {
  const forwards = sampleByCount(prompts, 10, "seed");
  const backwards = sampleByCount(prompts.toReversed(), 10, "seed");
  equal(forwards.length, 10);
  deepEqual(backwards.toReversed(), forwards);
});

Deno.test("sampleByCount() takes all when there are fewer", () => {
  deepEqual(
    sampleByCount(prompts.slice(0, 3), 10, "seed"),
    prompts.slice(0, 3),
  );
});
