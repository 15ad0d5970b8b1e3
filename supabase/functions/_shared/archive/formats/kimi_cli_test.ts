import { testFixtures } from "../testing/expect_fixture.ts";
import {
  kimiContext,
  kimiOldWire,
  kimiWire,
} from "../testing/fixtures/agent_sessions.ts";

testFixtures("kimiCli", kimiWire, kimiContext, kimiOldWire);
