import { assertEquals } from "@std/assert";
import { didYouMean } from "./did_you_mean.ts";

Deno.test("didYouMean() names what is near, the nearest first, and nothing else", () => {
  const names = ["run", "rename", "resume", "endpoint"];
  assertEquals(didYouMean("rn", names), ". Did you mean run?");
  assertEquals(didYouMean("endpont", names), ". Did you mean endpoint?");
  assertEquals(didYouMean("rename", names), ". Did you mean rename?");
  assertEquals(didYouMean("fly", names), "");
});
