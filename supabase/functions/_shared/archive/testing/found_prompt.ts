import type { PromptSource } from "../../prompt.ts";
import type { PromptEvent } from "../archive_event.ts";

/** A prompt as reading gives it, for tests of what is made of it. */
export function foundPrompt(
  { text = "text", conversation = "talk", message = "id", ...source }:
    & { text?: string }
    & Partial<Pick<PromptEvent, "conversation" | "message">>
    & Partial<Omit<PromptSource, "conversation">>,
): PromptEvent {
  return {
    type: "prompt",
    conversation,
    message,
    prompt: {
      text,
      source: {
        bucket: "bucket",
        path: "chats.json",
        format: "chatgpt",
        position: 0,
        ...source,
      },
    },
  };
}
