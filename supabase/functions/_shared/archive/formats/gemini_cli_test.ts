import { testFixtures } from "../testing/expect_fixture.ts";
import {
  geminiLines,
  geminiLogs,
  geminiSession,
} from "../testing/fixtures/agent_sessions.ts";

testFixtures("geminiCliLines", geminiSession, geminiLines, geminiLogs);
