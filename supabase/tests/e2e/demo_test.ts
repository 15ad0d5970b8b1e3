import { assertEquals, assertMatch } from "@std/assert";
import { runDemo } from "./run_demo.ts";

Deno.test("deno task demo with half of a real model → one line, exit 1, nothing started", async () => {
  const { code, stdout, stderr } = await runDemo([], { MODEL: "large-model" });
  assertEquals(code, 1);
  assertEquals(stdout, "");
  assertMatch(stderr, /^Cannot ask a real model without MODEL_ENDPOINT: .*\n$/);
});
