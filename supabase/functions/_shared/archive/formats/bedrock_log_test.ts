import { testFixtures } from "../testing/expect_fixture.ts";
import { bedrockLog } from "../testing/fixtures/api_shapes.ts";

testFixtures("bedrockLog", bedrockLog);
