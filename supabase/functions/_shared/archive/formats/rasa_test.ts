import { testFixtures } from "../testing/expect_fixture.ts";
import {
  rasaBroker,
  rasaEmptyTracker,
  rasaTable,
  rasaTracker,
} from "../testing/fixtures/bots.ts";

testFixtures(
  "rasaEvents",
  rasaTracker,
  rasaTable,
  rasaEmptyTracker,
  rasaBroker,
);
