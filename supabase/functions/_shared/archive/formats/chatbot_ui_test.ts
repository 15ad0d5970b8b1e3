import { testFixtures } from "../testing/expect_fixture.ts";
import { chatbotUiExport } from "../testing/fixtures/chat_apps.ts";

testFixtures("chatbotUi", chatbotUiExport);
