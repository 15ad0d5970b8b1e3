import { testFixtures } from "../testing/expect_fixture.ts";
import {
  grokExport,
  grokWithoutConversations,
  grokWithoutResponses,
} from "../testing/fixtures/vendor_exports.ts";

testFixtures(
  "grok",
  grokExport,
  grokWithoutResponses,
  grokWithoutConversations,
);
