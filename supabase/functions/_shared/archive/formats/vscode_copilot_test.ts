import { testFixtures } from "../testing/expect_fixture.ts";
import {
  copilotChat,
  copilotChatLog,
  copilotChatNewLog,
  copilotChatParts,
} from "../testing/fixtures/vendor_exports.ts";

testFixtures(
  "vscodeCopilot",
  copilotChat,
  copilotChatLog,
  copilotChatParts,
  copilotChatNewLog,
);
