import { testFixtures } from "../testing/expect_fixture.ts";
import {
  miniSweAgentList,
  miniSweAgentTrajectory,
  sweAgentTrajectory,
} from "../testing/fixtures/coding_agents.ts";

testFixtures(
  "sweAgent",
  sweAgentTrajectory,
  miniSweAgentTrajectory,
  miniSweAgentList,
);
