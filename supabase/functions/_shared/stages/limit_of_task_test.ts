import { assertEquals } from "@std/assert";
import { withLimitOfTask } from "./limit_of_task.ts";

Deno.test("withLimitOfTask() sends what money was set aside for, whatever the run says", () => {
  assertEquals(withLimitOfTask({ maxTokens: 500 }, { maxTokens: 9000 }), {
    maxTokens: 500,
  });
  assertEquals(withLimitOfTask({}, { maxTokens: 9000 }), { maxTokens: 9000 });
});
