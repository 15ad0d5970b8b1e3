import { testFixtures } from "../testing/expect_fixture.ts";
import { droidSession, piSession } from "../testing/fixtures/agent_sessions.ts";

testFixtures("droid", piSession, droidSession);
