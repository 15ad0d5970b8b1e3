import { assertEquals, assertNotEquals } from "@std/assert";
import { versionOf } from "./sweep_version.ts";

const run = { id: 1, status: "running", done: 10, failed: 2 };

Deno.test("versionOf() stays while a variant is answered", () => {
  assertEquals(versionOf([run]), versionOf([{ ...run, done: 11 }]));
});

Deno.test("versionOf() is another when a variant is over", () => {
  assertNotEquals(versionOf([run]), versionOf([{ ...run, status: "paused" }]));
});

Deno.test("versionOf() is another when a variant that is over has other answers", () => {
  // Failed prompts were asked again between two looks.
  const over = { ...run, status: "completed" };
  assertNotEquals(versionOf([over]), versionOf([{ ...over, failed: 0 }]));
  assertNotEquals(versionOf([over]), versionOf([{ ...over, done: 12 }]));
});
