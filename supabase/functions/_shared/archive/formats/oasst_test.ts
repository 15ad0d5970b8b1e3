import { testFixtures } from "../testing/expect_fixture.ts";
import {
  oasstFlat,
  oasstSeed,
  oasstTree,
} from "../testing/fixtures/datasets.ts";

testFixtures("oasstTrees", oasstTree, oasstFlat, oasstSeed);
