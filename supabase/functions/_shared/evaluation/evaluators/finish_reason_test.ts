import { assertEquals, assertMatch } from "@std/assert";
import { evaluate } from "../testing/evaluate.ts";

Deno.test("finish-reason passes the reasons it names", async () => {
  const verdict = async (config: unknown, finishReason: string) => {
    const { passed, category } = await evaluate(config, { finishReason });
    return [passed, category];
  };
  assertEquals(await verdict("finish-reason", "stop"), [true, "stop"]);
  assertEquals(await verdict("finish-reason", "length"), [false, "length"]);
  const config = { type: "finish-reason", reasons: ["tool_calls"] };
  assertEquals(await verdict(config, "tool_calls"), [true, "tool_calls"]);
});

Deno.test("finish-reason gives an error when there is none", async () => {
  const { error } = await evaluate("finish-reason", { finishReason: null });
  assertMatch(error!, /no finish reason/);
});
