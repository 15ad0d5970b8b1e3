import { testFixtures } from "../testing/expect_fixture.ts";
import { antigravityTranscript } from "../testing/fixtures/coding_agents.ts";

testFixtures("antigravity", antigravityTranscript);
