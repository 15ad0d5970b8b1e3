import { testFixtures } from "../testing/expect_fixture.ts";
import { rasaTable, rasaTracker } from "../testing/fixtures/bots.ts";

testFixtures("rasaEvents", rasaTracker, rasaTable);
