import { testFixtures } from "../testing/expect_fixture.ts";
import {
  cursorComposer,
  cursorLines,
  cursorTable,
} from "../testing/fixtures/agent_sessions.ts";

testFixtures("cursorTranscript", cursorLines, cursorComposer, cursorTable);
