import { testFixtures } from "../testing/expect_fixture.ts";
import { lmsysRows } from "../testing/fixtures/datasets.ts";

testFixtures("conversationField", lmsysRows);
