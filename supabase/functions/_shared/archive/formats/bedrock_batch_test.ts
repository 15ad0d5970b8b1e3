import { testFixtures } from "../testing/expect_fixture.ts";
import { bedrockBatches } from "../testing/fixtures/evaluations.ts";

testFixtures("bedrockBatch", bedrockBatches);
