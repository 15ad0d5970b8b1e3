import { testFixtures } from "../testing/expect_fixture.ts";
import { geminiRequests } from "../testing/fixtures/api_shapes.ts";

testFixtures("geminiApi", geminiRequests);
