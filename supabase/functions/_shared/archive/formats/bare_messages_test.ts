import { testFixtures } from "../testing/expect_fixture.ts";
import {
  bareArray,
  bareLines,
  bareLists,
  conversationRows,
  langchainMessages,
  longIds,
  nestedParts,
  vercelMessages,
} from "../testing/fixtures/api_shapes.ts";
import { numberedRows, ownRows } from "../testing/fixtures/chat_tables.ts";
import { librechatMessages } from "../testing/fixtures/chat_apps.ts";
import { mastraRows } from "../testing/fixtures/frameworks.ts";
import { leChat } from "../testing/fixtures/vendor_exports.ts";

testFixtures(
  "bareMessages",
  bareArray,
  bareLines,
  bareLists,
  langchainMessages,
  vercelMessages,
  librechatMessages,
  conversationRows,
  mastraRows,
  leChat,
  longIds,
  nestedParts,
  numberedRows,
  ownRows,
);
