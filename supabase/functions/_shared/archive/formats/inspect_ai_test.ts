import { testFixtures } from "../testing/expect_fixture.ts";
import { inspectLog } from "../testing/fixtures/evaluations.ts";

testFixtures("inspectAi", inspectLog);
