import { testFixtures } from "../testing/expect_fixture.ts";
import { cohereCalls } from "../testing/fixtures/api_shapes.ts";

testFixtures("cohere", cohereCalls);
