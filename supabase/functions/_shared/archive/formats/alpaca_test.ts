import { testFixtures } from "../testing/expect_fixture.ts";
import { instructions } from "../testing/fixtures/datasets.ts";

testFixtures("alpaca", instructions);
