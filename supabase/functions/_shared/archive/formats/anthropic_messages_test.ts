import { testFixtures } from "../testing/expect_fixture.ts";
import {
  anthropicReminders,
  anthropicRequests,
} from "../testing/fixtures/api_shapes.ts";

testFixtures("anthropicMessages", anthropicRequests, anthropicReminders);
