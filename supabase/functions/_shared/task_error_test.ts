import { assertEquals } from "@std/assert";
import { toSentence } from "./task_error.ts";

Deno.test("toSentence() says what to do after what failed", () => {
  const error = { class: "stop", code: "quota", message: "No credit" } as const;
  assertEquals(toSentence(error), "No credit");
  assertEquals(
    toSentence({ ...error, advice: "Add some" }),
    "No credit. Add some",
  );
});
