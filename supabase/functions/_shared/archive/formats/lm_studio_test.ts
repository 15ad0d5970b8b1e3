import { testFixtures } from "../testing/expect_fixture.ts";
import { lmStudioConversation } from "../testing/fixtures/chat_apps.ts";

testFixtures("lmStudio", lmStudioConversation);
