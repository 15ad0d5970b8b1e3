import { testFixtures } from "../testing/expect_fixture.ts";
import { continueSession } from "../testing/fixtures/agent_sessions.ts";

testFixtures("continueDev", continueSession);
