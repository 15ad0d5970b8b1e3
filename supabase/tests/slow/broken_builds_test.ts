import { assert, assertEquals } from "@std/assert";
import {
  isProven,
  proveInvariants,
  readInvariants,
} from "../../../scripts/chaos/prove_invariants.ts";

Deno.test("each invariant is reported for a build that breaks it, and none for the sound one", async () => {
  const [sound, ...broken] = await proveInvariants();
  assertEquals(sound.reported, []);
  assertEquals(broken.filter((proof) => !isProven(proof)), []);
  const invariants = await readInvariants();
  assert(invariants.length >= 7, `only ${invariants.length} invariants found`);
  const promised = broken.flatMap(({ build }) => build.breaks);
  assertEquals(invariants.filter((name) => !promised.includes(name)), []);
});
