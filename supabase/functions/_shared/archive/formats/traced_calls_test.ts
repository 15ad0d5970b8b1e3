import { testFixtures } from "../testing/expect_fixture.ts";
import {
  mlflowServer,
  mlflowTraces,
  opikSpans,
  phoenixSpans,
  posthogEvents,
  weaveCalls,
} from "../testing/fixtures/observability.ts";

testFixtures(
  "tracedCalls",
  mlflowTraces,
  mlflowServer,
  opikSpans,
  weaveCalls,
  posthogEvents,
  phoenixSpans,
);
