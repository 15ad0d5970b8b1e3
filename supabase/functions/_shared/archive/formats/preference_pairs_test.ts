import { testFixtures } from "../testing/expect_fixture.ts";
import { preferences } from "../testing/fixtures/datasets.ts";

testFixtures("preferencePairs", preferences);
