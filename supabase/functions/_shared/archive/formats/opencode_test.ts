import { testFixtures } from "../testing/expect_fixture.ts";
import { opencodeExport } from "../testing/fixtures/agent_sessions.ts";

testFixtures("opencode", opencodeExport);
