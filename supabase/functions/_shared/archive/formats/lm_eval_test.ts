import { testFixtures } from "../testing/expect_fixture.ts";
import { harnessSamples } from "../testing/fixtures/evaluations.ts";

testFixtures("lmEval", harnessSamples);
