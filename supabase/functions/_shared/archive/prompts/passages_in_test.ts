import { assertEquals } from "@std/assert";
import { passagesIn } from "./passages_in.ts";

Deno.test("passagesIn() finds passages by the names of ragas, DeepEval and promptfoo", () => {
  for (
    const name of [
      "retrieved_contexts",
      "contexts",
      "retrieval_context",
      "Context",
    ]
  ) {
    assertEquals(passagesIn({ topic: "x", [name]: ["a"] }), ["a"]);
  }
  assertEquals(
    passagesIn({ reference_contexts: ["a"], source: "s" }),
    undefined,
  );
});

Deno.test("passagesIn() prefers what was retrieved to what should have been, and skips what is empty", () => {
  assertEquals(
    passagesIn({ context: ["ideal"], retrieval_context: ["found"] }),
    ["found"],
  );
  assertEquals(
    passagesIn({ context: ["ideal"], retrieval_context: null }),
    ["ideal"],
  );
});
