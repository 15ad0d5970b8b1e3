import { equal } from "node:assert/strict";
import { toSentence } from "./task_error.ts";

Deno.test("toSentence() says what to do after what failed", () => {
  const error = { class: "stop", code: "quota", message: "No credit" } as const;
  equal(toSentence(error), "No credit");
  equal(toSentence({ ...error, advice: "Add some" }), "No credit. Add some");
});
