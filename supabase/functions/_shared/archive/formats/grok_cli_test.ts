import { testFixtures } from "../testing/expect_fixture.ts";
import { grokSession } from "../testing/fixtures/agent_sessions.ts";

testFixtures("grokCli", grokSession);
