import { testFixtures } from "../testing/expect_fixture.ts";
import { otlpTraces } from "../testing/fixtures/observability.ts";

testFixtures("opentelemetry", otlpTraces);
