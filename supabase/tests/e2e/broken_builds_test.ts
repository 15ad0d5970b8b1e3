import { deepEqual, ok } from "node:assert/strict";
import {
  isProven,
  proveInvariants,
  readInvariants,
} from "../../../scripts/chaos/prove_invariants.ts";

Deno.test("each invariant is reported for a build that breaks it, and none for the sound one", async () => {
  const [sound, ...broken] = await proveInvariants();
  deepEqual(sound.reported, []);
  deepEqual(broken.filter((proof) => !isProven(proof)), []);
  const invariants = await readInvariants();
  ok(invariants.length >= 7, `only ${invariants.length} invariants found`);
  const promised = broken.flatMap(({ build }) => build.breaks);
  deepEqual(invariants.filter((name) => !promised.includes(name)), []);
});
