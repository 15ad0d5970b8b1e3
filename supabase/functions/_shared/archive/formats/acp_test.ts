import { testFixtures } from "../testing/expect_fixture.ts";
import { acpLoaded, acpLog } from "../testing/fixtures/coding_agents.ts";

testFixtures("acp", acpLog, acpLoaded);
