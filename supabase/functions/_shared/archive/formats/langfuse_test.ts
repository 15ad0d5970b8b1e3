import { testFixtures } from "../testing/expect_fixture.ts";
import {
  langfuseGenerations,
  langfuseList,
  langfuseObservations,
  langfuseTrace,
} from "../testing/fixtures/observability.ts";

testFixtures(
  "langfuseRows",
  langfuseTrace,
  langfuseGenerations,
  langfuseList,
  langfuseObservations,
);
