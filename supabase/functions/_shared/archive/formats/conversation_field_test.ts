import { testFixtures } from "../testing/expect_fixture.ts";
import { lmsysRows, wildchatRow } from "../testing/fixtures/datasets.ts";

testFixtures("conversationField", lmsysRows, wildchatRow);
