import { testFixtures } from "../testing/expect_fixture.ts";
import { pairs } from "../testing/fixtures/api_shapes.ts";

testFixtures("textPairs", pairs);
