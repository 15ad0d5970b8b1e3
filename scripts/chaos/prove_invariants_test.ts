import { assertEquals } from "@std/assert";
import { isProven, readInvariants } from "./prove_invariants.ts";

const build = (...breaks: string[]) => ({ name: "a build", breaks });

Deno.test("isProven() wants every invariant that a build breaks, and allows more", () => {
  assertEquals(isProven({ build: build("a"), reported: ["a", "b"] }), true);
  assertEquals(
    isProven({ build: build("a", "c"), reported: ["a", "b"] }),
    false,
  );
});

Deno.test("isProven() allows nothing of a sound build", () => {
  assertEquals(isProven({ build: build(), reported: [] }), true);
  assertEquals(isProven({ build: build(), reported: ["a"] }), false);
});

Deno.test("readInvariants() finds the names of all invariants", async () => {
  assertEquals((await readInvariants()).length, 24);
});
