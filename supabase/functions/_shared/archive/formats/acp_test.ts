import { testFixtures } from "../testing/expect_fixture.ts";
import {
  acpLoaded,
  acpLog,
  grokBuildUpdates,
} from "../testing/fixtures/coding_agents.ts";

testFixtures("acp", acpLog, acpLoaded, grokBuildUpdates);
