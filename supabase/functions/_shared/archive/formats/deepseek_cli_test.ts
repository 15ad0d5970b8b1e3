import { testFixtures } from "../testing/expect_fixture.ts";
import { deepseekCliSession } from "../testing/fixtures/coding_agents.ts";

testFixtures("deepseekCli", deepseekCliSession);
