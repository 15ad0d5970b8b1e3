import { testFixtures } from "../testing/expect_fixture.ts";
import { codexItems, responsesItems } from "../testing/fixtures/api_shapes.ts";

testFixtures("openaiResponses", responsesItems, codexItems);
