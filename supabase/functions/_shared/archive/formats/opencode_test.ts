import { testFixtures } from "../testing/expect_fixture.ts";
import {
  opencodeExport,
  opencodeMessages,
} from "../testing/fixtures/agent_sessions.ts";

testFixtures("opencode", opencodeExport, opencodeMessages);
