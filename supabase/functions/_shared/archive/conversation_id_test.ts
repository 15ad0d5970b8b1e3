import { assertEquals } from "@std/assert";
import { conversationIdOf } from "./conversation_id.ts";

Deno.test("conversationIdOf() knows an id by its many names", () => {
  for (
    const name of [
      "chatId",
      "chat_id",
      "threadId",
      "sessionID",
      "conversation_uuid",
      "Conversation ID",
      "dialog-id",
    ]
  ) assertEquals(conversationIdOf({ [name]: "c1", role: "user" }), "c1");
  assertEquals(conversationIdOf({ id: "m1", content: "hi" }), undefined);
});

Deno.test("conversationIdOf() takes the surest name and nothing but an id", () => {
  assertEquals(
    conversationIdOf({ session: "s", thread_id: "t", conversationId: "c" }),
    "c",
  );
  assertEquals(
    conversationIdOf({ conversation: [{ role: "user" }], chat_id: 7 }),
    "7",
  );
});
