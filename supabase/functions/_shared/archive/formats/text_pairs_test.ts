import { testFixtures } from "../testing/expect_fixture.ts";
import { pairs } from "../testing/fixtures/api_shapes.ts";
import {
  plainColumn,
  plainRows,
  plainTable,
  promptMessages,
  timedPairs,
} from "../testing/fixtures/datasets.ts";
import {
  deepevalGoldens,
  ragasSamples,
} from "../testing/fixtures/evaluations.ts";

testFixtures(
  "textPairs",
  pairs,
  promptMessages,
  timedPairs,
  plainRows,
  plainTable,
  plainColumn,
  deepevalGoldens,
  ragasSamples,
);
