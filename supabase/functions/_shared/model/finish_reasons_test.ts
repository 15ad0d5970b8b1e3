import { assertEquals } from "@std/assert";
import { FINISH_FACTS, toEndedAnswer } from "./finish_reasons.ts";
import { openaiChat } from "./formats/openai_chat.ts";
import { readOutcome } from "./read_outcome.ts";

/** What `call()` makes of an answer that ends so in OpenAI's shape. */
async function outcomeOf(finish_reason: unknown, content: string) {
  const choices = [{ finish_reason, message: { role: "assistant", content } }];
  const { answer, failure } = await readOutcome(
    Response.json({ choices }),
    openaiChat,
    { limitBytes: 1e6, now: 0 },
  );
  return answer
    ? `answer ${answer.finishReason}`
    : `${failure.class} ${failure.code}`;
}

const OUTCOMES = {
  stop: ["answer stop", "transient empty_content"],
  tool_calls: ["answer tool_calls", "transient empty_content"],
  length: ["answer length", "permanent max_tokens"],
  content_filter: ["permanent content_filter", "permanent content_filter"],
  refusal: ["permanent refusal", "permanent refusal"],
  broken_off: ["transient broken_off", "transient broken_off"],
};

for (const { word, means, vendor } of FINISH_FACTS) {
  const [withText, without] = OUTCOMES[means];
  Deno.test(`call() takes ${word} (${vendor}) for ${withText}, without text for ${without}`, async () => {
    assertEquals(await outcomeOf(word, "The first part"), withText);
    assertEquals(await outcomeOf(word, ""), without);
  });
}

Deno.test("toEndedAnswer() knows a word by Python's name and with hyphens", () => {
  for (const word of ["FinishReason.SAFETY", "content-filter", "Safety"]) {
    const { kind } = toEndedAnswer({ text: "a", calls: [], ends: { f: word } });
    assertEquals(kind, "declined", word);
  }
});

Deno.test("toEndedAnswer() takes a word that nobody knows, or none, for other", () => {
  for (const word of ["new", null, undefined, 7]) {
    assertEquals(toEndedAnswer({ text: "a", calls: [], ends: { f: word } }), {
      kind: "text",
      text: "a",
      finishReason: "other",
    });
  }
});
