import { assertEquals } from "@std/assert";
import { readCounts } from "./run_deno_test.ts";

Deno.test("readCounts() reads the last line of deno test", () => {
  const output = `
a ... ok (1ms)
ok | 9 passed | 9 failed (said by a test)
\x1b[31mFAILED\x1b[0m | 3 passed (1 step) | 2 failed (1 step) | 1 ignored | 4 filtered out \x1b[90m(1s)\x1b[0m

`;
  assertEquals(readCounts(output), { passed: 3, failed: 2, skipped: 1 });
});

Deno.test("readCounts() finds nothing when deno test has crashed", () => {
  assertEquals(readCounts("error: Module not found"), {
    passed: 0,
    failed: 0,
    skipped: 0,
  });
});
