import { testFixtures } from "../testing/expect_fixture.ts";
import { gooseSession } from "../testing/fixtures/agent_sessions.ts";

testFixtures("goose", gooseSession);
