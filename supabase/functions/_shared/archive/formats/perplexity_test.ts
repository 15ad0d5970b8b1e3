import { testFixtures } from "../testing/expect_fixture.ts";
import {
  perplexityApi,
  perplexityTurns,
} from "../testing/fixtures/vendor_exports.ts";

testFixtures("perplexity", perplexityTurns, perplexityApi);
