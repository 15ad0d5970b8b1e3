import { testFixtures } from "../testing/expect_fixture.ts";
import {
  wrappedConversations,
  wrappedRecords,
} from "../testing/fixtures/chat_apps.ts";

testFixtures("conversationList", wrappedConversations, wrappedRecords);
