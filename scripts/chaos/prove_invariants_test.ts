import { equal } from "node:assert/strict";
import { isProven, readInvariants } from "./prove_invariants.ts";

const build = (...breaks: string[]) => ({ name: "a build", breaks });

Deno.test("isProven() wants every invariant that a build breaks, and allows more", () => {
  equal(isProven({ build: build("a"), reported: ["a", "b"] }), true);
  equal(isProven({ build: build("a", "c"), reported: ["a", "b"] }), false);
});

Deno.test("isProven() allows nothing of a sound build", () => {
  equal(isProven({ build: build(), reported: [] }), true);
  equal(isProven({ build: build(), reported: ["a"] }), false);
});

Deno.test("readInvariants() finds the names of all invariants", async () => {
  equal((await readInvariants()).length, 9);
});
