import { testFixtures } from "../testing/expect_fixture.ts";
import {
  openhandsEvents,
  openhandsTrajectory,
} from "../testing/fixtures/coding_agents.ts";

testFixtures("openhands", openhandsTrajectory, openhandsEvents);
