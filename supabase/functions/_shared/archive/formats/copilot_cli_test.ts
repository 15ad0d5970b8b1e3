import { testFixtures } from "../testing/expect_fixture.ts";
import {
  copilotEvents,
  copilotHistory,
} from "../testing/fixtures/agent_sessions.ts";

testFixtures("copilotCli", copilotEvents, copilotHistory);
