import { testFixtures } from "../testing/expect_fixture.ts";
import {
  botRoles,
  botTranscript,
  studioSpacedTranscript,
  studioTranscript,
} from "../testing/fixtures/bots.ts";

testFixtures(
  "botFramework",
  botTranscript,
  studioTranscript,
  botRoles,
  studioSpacedTranscript,
);
