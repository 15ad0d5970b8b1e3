import type { Json } from "../json.ts";
import type { Turn } from "../conversation.ts";

/** Names of who wrote a message, in small letters. */
export const ROLES: ReadonlyMap<string, Turn["role"]> = new Map([
  ...["user", "human", "prompter", "me", "customer", "usermessage", "in"]
    .map((name) => [name, "user"] as const),
  ...["humanmessage", "humanmessagechunk", "inbound", "incoming", "contact"]
    .map((name) => [name, "user"] as const),
  ...[
    "assistant",
    "gpt",
    "chatgpt",
    "bard",
    "bing",
    "model",
    "bot",
    "ai",
    "chatbot",
    // Of a voice: ElevenLabs, Retell, LiveKit; Label Studio; Chatwoot.
    "agent",
    "robot",
    "agentbot",
  ]
    .map((name) => [name, "assistant"] as const),
  ...["out", "outbound", "outgoing"]
    .map((name) => [name, "assistant"] as const),
  ...["apimessage", "aimessage", "aimessagechunk", "gemini", "claude"]
    .map((name) => [name, "assistant"] as const),
  ...["system", "developer", "systemmessage"]
    .map((name) => [name, "system"] as const),
]);

/** Who wrote a message, in any spelling, as a column of type char(n) has it too; undefined for tools, functions and unknown names. */
export function roleOf(name: Json | undefined): Turn["role"] | undefined {
  if (typeof name !== "string") return undefined;
  return ROLES.get(name) ?? ROLES.get(name.trim().toLowerCase());
}
