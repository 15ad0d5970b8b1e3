import { equal } from "node:assert/strict";
import { opencodeStoreOf } from "./opencode_store.ts";

Deno.test("opencodeStoreOf() gives the folder that sessions, messages and parts share", () => {
  const store = ".local/share/opencode/storage";
  equal(opencodeStoreOf(`${store}/session/p/ses_1.json`), store);
  equal(opencodeStoreOf(`${store}/message/ses_1/msg_1.json`), store);
  equal(opencodeStoreOf(`${store}/part/msg_1/prt_1.json`), store);
  equal(opencodeStoreOf("storage_v2/part/m1/001.json"), "storage_v2");
  equal(
    opencodeStoreOf("x/storage/session/message/ses_1/msg_1.json"),
    "x/storage",
  );
  equal(opencodeStoreOf("part/msg_1/prt_1.json"), ".");
  equal(opencodeStoreOf("message/a.json"), undefined);
  equal(opencodeStoreOf("conversations.json"), undefined);
});
