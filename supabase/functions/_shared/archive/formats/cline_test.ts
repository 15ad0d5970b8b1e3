import { testFixtures } from "../testing/expect_fixture.ts";
import {
  clineRequests,
  clineTask,
} from "../testing/fixtures/agent_sessions.ts";

testFixtures("cline", clineTask, clineRequests);
