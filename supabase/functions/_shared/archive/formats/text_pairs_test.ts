import { testFixtures } from "../testing/expect_fixture.ts";
import { pairs } from "../testing/fixtures/api_shapes.ts";
import { promptMessages, timedPairs } from "../testing/fixtures/datasets.ts";

testFixtures("textPairs", pairs, promptMessages, timedPairs);
