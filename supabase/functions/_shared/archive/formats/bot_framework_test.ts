import { testFixtures } from "../testing/expect_fixture.ts";
import { botTranscript, studioTranscript } from "../testing/fixtures/bots.ts";

testFixtures("botFramework", botTranscript, studioTranscript);
