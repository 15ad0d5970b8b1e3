import { assertEquals, assertMatch } from "@std/assert";
import { collect } from "../testing/collect.ts";
import { testFixtures } from "../testing/expect_fixture.ts";
import {
  opencodeExport,
  opencodeMessages,
  opencodeStore,
} from "../testing/fixtures/agent_sessions.ts";

testFixtures("opencode", opencodeExport, opencodeMessages, opencodeStore);

Deno.test("opencodeStorage tells that one file of a store is too little", async () => {
  const { errors, end } = await collect({
    id: "prt_1",
    sessionID: "s1",
    messageID: "msg_1",
    type: "text",
    text: "hi",
  });
  assertEquals(end.skipped, 1);
  assertMatch(errors[0].message, /whole folder.*opencode export/);
});
