import { testFixtures } from "../testing/expect_fixture.ts";
import {
  bareArray,
  bareLines,
  bareLists,
  conversationRows,
  langchainMessages,
  vercelMessages,
} from "../testing/fixtures/api_shapes.ts";
import { librechatMessages } from "../testing/fixtures/chat_apps.ts";

testFixtures(
  "bareMessages",
  bareArray,
  bareLines,
  bareLists,
  langchainMessages,
  vercelMessages,
  librechatMessages,
  conversationRows,
);
