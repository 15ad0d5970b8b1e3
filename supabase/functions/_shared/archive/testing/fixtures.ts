import type { Fixture } from "./fixture.ts";
import * as agentSessions from "./fixtures/agent_sessions.ts";
import * as apiShapes from "./fixtures/api_shapes.ts";
import * as bots from "./fixtures/bots.ts";
import * as chatTables from "./fixtures/chat_tables.ts";
import * as chatApps from "./fixtures/chat_apps.ts";
import * as datasets from "./fixtures/datasets.ts";
import * as evaluations from "./fixtures/evaluations.ts";
import * as codingAgents from "./fixtures/coding_agents.ts";
import * as frameworks from "./fixtures/frameworks.ts";
import * as observability from "./fixtures/observability.ts";
import * as vendorExports from "./fixtures/vendor_exports.ts";

/** Every fixture, for tests that hold for all archives. */
export const fixtures: Fixture[] = [
  ...Object.values(vendorExports),
  ...Object.values(chatApps),
  ...Object.values(apiShapes),
  ...Object.values(datasets),
  ...Object.values(evaluations),
  ...Object.values(agentSessions),
  ...Object.values(codingAgents),
  ...Object.values(frameworks),
  ...Object.values(observability),
  ...Object.values(bots),
  ...Object.values(chatTables),
];
