import { testFixtures } from "../testing/expect_fixture.ts";
import {
  chatbotUiEmpty,
  chatbotUiExport,
} from "../testing/fixtures/chat_apps.ts";

testFixtures("chatbotUi", chatbotUiExport, chatbotUiEmpty);
