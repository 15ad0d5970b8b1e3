import { testFixtures } from "../testing/expect_fixture.ts";
import {
  claudeCodeAgent,
  claudeCodeConverted,
  claudeCodeEditor,
  claudeCodeLoglines,
  claudeCodePrompts,
  claudeCodeSession,
} from "../testing/fixtures/agent_sessions.ts";

testFixtures(
  "claudeCode",
  claudeCodeSession,
  claudeCodeLoglines,
  claudeCodePrompts,
  claudeCodeConverted,
  claudeCodeEditor,
  claudeCodeAgent,
);
