import { assertEquals, assertStrictEquals } from "@std/assert";
import { opencodeStoreOf } from "./opencode_store.ts";

Deno.test("opencodeStoreOf() gives the folder that sessions, messages and parts share", () => {
  const store = ".local/share/opencode/storage";
  assertStrictEquals(opencodeStoreOf(`${store}/session/p/ses_1.json`), store);
  assertStrictEquals(
    opencodeStoreOf(`${store}/message/ses_1/msg_1.json`),
    store,
  );
  assertStrictEquals(opencodeStoreOf(`${store}/part/msg_1/prt_1.json`), store);
  assertEquals(opencodeStoreOf("storage_v2/part/m1/001.json"), "storage_v2");
  assertEquals(
    opencodeStoreOf("x/storage/session/message/ses_1/msg_1.json"),
    "x/storage",
  );
  assertEquals(opencodeStoreOf("part/msg_1/prt_1.json"), ".");
  assertEquals(opencodeStoreOf("message/a.json"), undefined);
  assertEquals(opencodeStoreOf("conversations.json"), undefined);
});
