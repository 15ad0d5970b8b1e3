import { testFixtures } from "../testing/expect_fixture.ts";
import {
  claudeCodeLoglines,
  claudeCodePrompts,
  claudeCodeSession,
} from "../testing/fixtures/agent_sessions.ts";

testFixtures(
  "claudeCode",
  claudeCodeSession,
  claudeCodeLoglines,
  claudeCodePrompts,
);
