import { testFixtures } from "../testing/expect_fixture.ts";
import {
  langfuseBareList,
  langfuseContents,
  langfuseGenerations,
  langfuseList,
  langfuseObservations,
  langfuseTable,
  langfuseTrace,
} from "../testing/fixtures/observability.ts";

testFixtures(
  "langfuseRows",
  langfuseTrace,
  langfuseGenerations,
  langfuseList,
  langfuseObservations,
  langfuseBareList,
  langfuseContents,
  langfuseTable,
);
