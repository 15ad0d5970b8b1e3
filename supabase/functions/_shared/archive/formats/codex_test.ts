import { testFixtures } from "../testing/expect_fixture.ts";
import {
  codexOldRollout,
  codexPrompts,
  codexRollout,
} from "../testing/fixtures/agent_sessions.ts";

testFixtures("codex", codexRollout, codexOldRollout, codexPrompts);
