import { testFixtures } from "../testing/expect_fixture.ts";
import {
  geminiCheckpoint,
  geminiCheckpointObject,
  geminiLines,
  geminiLogs,
  geminiSession,
  geminiSubagent,
} from "../testing/fixtures/agent_sessions.ts";

testFixtures(
  "geminiCliLines",
  geminiSession,
  geminiLines,
  geminiLogs,
  geminiCheckpoint,
  geminiCheckpointObject,
  geminiSubagent,
);
