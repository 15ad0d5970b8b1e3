import { testFixtures } from "../testing/expect_fixture.ts";
import {
  codexEditor,
  codexOldRollout,
  codexPrompts,
  codexRollout,
  codexSubagent,
} from "../testing/fixtures/agent_sessions.ts";
import {
  codexCompletedItems,
  codexResumed,
} from "../testing/fixtures/coding_agents.ts";

testFixtures(
  "codex",
  codexRollout,
  codexOldRollout,
  codexPrompts,
  codexSubagent,
  codexEditor,
  codexCompletedItems,
  codexResumed,
);
