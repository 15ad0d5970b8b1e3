import { testFixtures } from "../testing/expect_fixture.ts";
import {
  claudeCodeAgent,
  claudeCodeConverted,
  claudeCodeEditor,
  claudeCodeLoglines,
  claudeCodePrompts,
  claudeCodeSession,
} from "../testing/fixtures/agent_sessions.ts";
import {
  claudeCodeQueued,
  claudeCodeStream,
  claudeCodeUnflagged,
} from "../testing/fixtures/coding_agents.ts";

testFixtures(
  "claudeCode",
  claudeCodeSession,
  claudeCodeLoglines,
  claudeCodePrompts,
  claudeCodeConverted,
  claudeCodeEditor,
  claudeCodeAgent,
  claudeCodeQueued,
  claudeCodeUnflagged,
  claudeCodeStream,
);
