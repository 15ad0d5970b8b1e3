import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
} from "@std/assert";
import { foundPrompt } from "../testing/found_prompt.ts";
import { promptRank, sampleByCount } from "./sample.ts";

const options = { seed: "seed", dedupe: false };
const deduped = { seed: "seed", dedupe: true };
const prompts = Array.from(
  { length: 1000 },
  (_, n) => foundPrompt({ text: `text ${n}` }),
);

Deno.test("promptRank() spreads prompts evenly from 0 to below 1", () => {
  const ranks = prompts.map((prompt) => promptRank(prompt, options));
  assert(ranks.every((rank) => rank >= 0 && rank < 1));
  const below = ranks.filter((rank) => rank < 0.3).length;
  assert(below > 250 && below < 350);
});

Deno.test("promptRank() is the same in other files and other with another seed", () => {
  const rank = promptRank(foundPrompt({}), options);
  const moved = foundPrompt({ bucket: "b", path: "p", entry: "e" });
  assertStrictEquals(promptRank(moved, options), rank);
  assertNotStrictEquals(
    promptRank(foundPrompt({}), { ...options, seed: "b" }),
    rank,
  );
});

Deno.test("promptRank() makes a text that is asked often as many lots", () => {
  const often = [
    foundPrompt({ conversation: 0, position: 0 }),
    foundPrompt({ conversation: 0, position: 1 }),
    foundPrompt({ conversation: 1, position: 0 }),
    foundPrompt({ conversation: "1", position: 0 }),
  ];
  const lots = (of: typeof options) =>
    new Set(often.map((prompt) => promptRank(prompt, of))).size;
  assertEquals(lots(options), 4);
  assertEquals(lots(deduped), 1);
});

Deno.test("sampleByCount() takes the same prompts whatever their order", () => {
  const forwards = sampleByCount(prompts, 10, options);
  const backwards = sampleByCount(prompts.toReversed(), 10, options);
  assertEquals(forwards.length, 10);
  assertEquals(backwards.toReversed(), forwards);
});

Deno.test("sampleByCount() takes all when there are fewer", () => {
  const few = prompts.slice(0, 3);
  assertEquals(sampleByCount(few, 10, options), few);
});
