import { assertEquals } from "@std/assert";
import { toRequestParts, toStopList } from "./model_request.ts";

Deno.test("toRequestParts() separates named parameters from all others", () => {
  const parts = toRequestParts({
    prompt: "Hi",
    parameters: {
      topP: 1,
      top_p: 2,
      seed: null,
      stop: undefined,
      logprobs: true,
    },
  }, "m-1");
  assertEquals(parts.neutral, { topP: 1 });
  assertEquals(parts.verbatim, { top_p: 2, logprobs: true });
});

Deno.test("toRequestParts() puts the prompt after the earlier turns", () => {
  const parts = toRequestParts({
    prompt: "3",
    messages: [
      { role: "system", content: "a" },
      { role: "user", content: "1" },
      { role: "assistant", content: "2" },
      { role: "system", content: "b" },
    ],
    parameters: {},
  }, null);
  assertEquals(parts.system, "a\n\nb");
  assertEquals(parts.model, undefined);
  assertEquals(parts.turns, [
    { role: "user", content: "1" },
    { role: "assistant", content: "2" },
    { role: "user", content: "3" },
  ]);
});

Deno.test("toRequestParts() prefers the run's model and system prompt", () => {
  const parts = toRequestParts({
    prompt: "Hi",
    messages: [{ role: "system", content: "archived" }],
    parameters: { model: "m-2", systemPrompt: "new" },
  }, "m-1");
  assertEquals(parts.model, "m-2");
  assertEquals(parts.system, "new");
});

Deno.test("toStopList() makes a list of one", () => {
  assertEquals(toStopList("x"), ["x"]);
  assertEquals(toStopList(["x", "y"]), ["x", "y"]);
  assertEquals(toStopList(undefined), undefined);
});
