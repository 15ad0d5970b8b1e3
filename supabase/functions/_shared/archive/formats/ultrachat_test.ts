import { testFixtures } from "../testing/expect_fixture.ts";
import { alternatingTexts } from "../testing/fixtures/datasets.ts";

testFixtures("ultrachat", alternatingTexts);
