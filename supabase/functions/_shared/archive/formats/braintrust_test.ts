import { testFixtures } from "../testing/expect_fixture.ts";
import { braintrustEvents } from "../testing/fixtures/evaluations.ts";

testFixtures("braintrust", braintrustEvents);
