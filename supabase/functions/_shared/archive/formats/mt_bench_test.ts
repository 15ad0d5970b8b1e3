import { testFixtures } from "../testing/expect_fixture.ts";
import { benchQuestions } from "../testing/fixtures/datasets.ts";

testFixtures("mtBench", benchQuestions);
