import { assertStrictEquals } from "@std/assert";
import { withoutThoughts } from "./thoughts.ts";

for (
  const [about, text, answer] of [
    ["nothing", "Lima", "Lima"],
    [
      "thoughts at the beginning",
      "<think>\nNot Cusco.\n</think>\n\nLima",
      "Lima",
    ],
    ["thoughts of other names", "\n<Thinking>Cusco?</thinking> Lima", "Lima"],
    ["thoughts of Magistral", "[THINK]Cusco?[/THINK]Lima", "Lima"],
    [
      "thoughts that a template opened",
      "Is it Cusco?\n</think>\n\nLima",
      "Lima",
    ],
    ["thoughts without an end", "<think>Cusco, or", ""],
    ["thoughts that are empty", "<think></think>\n{}", "{}"],
    [
      "an answer about the marks",
      "Write <think> first and\n</think>\nat the end.",
      "Write <think> first and\n</think>\nat the end.",
    ],
    [
      "a mark within a line",
      "Close it with </think> before you answer.",
      "Close it with </think> before you answer.",
    ],
    [
      "a second block, which is of the answer",
      "<think>a</think>Lima <think>b</think>",
      "Lima <think>b</think>",
    ],
  ] as const
) {
  Deno.test(`withoutThoughts() passes over ${about}`, () => {
    assertStrictEquals(withoutThoughts(text), answer);
  });
}
