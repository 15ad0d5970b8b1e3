import { testFixtures } from "../testing/expect_fixture.ts";
import { completionBatches } from "../testing/fixtures/evaluations.ts";

testFixtures("completionRequests", completionBatches);
