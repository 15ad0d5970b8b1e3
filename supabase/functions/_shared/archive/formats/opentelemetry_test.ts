import { testFixtures } from "../testing/expect_fixture.ts";
import {
  otlpLogs,
  otlpTraces,
  otlpVariants,
} from "../testing/fixtures/observability.ts";

testFixtures("opentelemetry", otlpTraces, otlpVariants, otlpLogs);
