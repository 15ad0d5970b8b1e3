import { testFixtures } from "../testing/expect_fixture.ts";
import { deepevalRun, deepevalTalks } from "../testing/fixtures/evaluations.ts";

testFixtures("deepeval", deepevalRun, deepevalTalks);
