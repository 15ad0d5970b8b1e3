import { testFixtures } from "../testing/expect_fixture.ts";
import {
  cursorComposer,
  cursorDatabase,
  cursorLines,
  cursorRichText,
  cursorTable,
} from "../testing/fixtures/agent_sessions.ts";

testFixtures(
  "cursorTranscript",
  cursorLines,
  cursorComposer,
  cursorTable,
  cursorDatabase,
  cursorRichText,
);
