import { testFixtures } from "../testing/expect_fixture.ts";
import {
  geminiContents,
  geminiGrowing,
  geminiRequests,
} from "../testing/fixtures/api_shapes.ts";

testFixtures("geminiApi", geminiRequests, geminiContents, geminiGrowing);
