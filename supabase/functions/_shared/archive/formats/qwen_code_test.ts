import { testFixtures } from "../testing/expect_fixture.ts";
import { qwenSession } from "../testing/fixtures/agent_sessions.ts";

testFixtures("qwenCode", qwenSession);
