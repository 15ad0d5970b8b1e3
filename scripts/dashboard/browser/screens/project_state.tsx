import type { ProjectCheck } from "../../../pipeline/check_project.ts";
import { to } from "../data/here.ts";
import {
  type Delivery,
  type EndpointState,
  readChecks,
  readDeliveries,
  readEndpointStates,
} from "../data/project_state.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { Age, Clock } from "../parts/age.tsx";
import { toNumber } from "../parts/formats.ts";
import { type Column, column, figure, Table } from "../parts/table.tsx";
import { VisibleText } from "../parts/visible_text.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen } from "../screen.ts";

/** Whether the project works: what doctor says, endpoints, webhooks. */
export const projectState: Screen = {
  path: "project",
  title: () => "Project",
  nav: { label: "Project", key: "p" },
  body: ProjectState,
};

const LOOK_MS = 10_000;

function ProjectState() {
  const checks = useLoaded("checks", readChecks, () => LOOK_MS);
  const endpoints = useLoaded("endpoints", readEndpointStates, () => LOOK_MS);
  const deliveries = useLoaded("webhooks", readDeliveries, () => LOOK_MS);
  return (
    <>
      <Waiting loaded={checks}>{(rows) => <Checks checks={rows} />}</Waiting>
      <h2>Endpoints</h2>
      <Waiting loaded={endpoints}>
        {(rows) => (
          <Table
            label="Endpoints"
            columns={ENDPOINT_COLUMNS}
            rows={rows}
            rowKey={({ name, model }) => `${name} ${model}`}
            empty="No endpoint yet: deno task pipeline endpoint add"
          />
        )}
      </Waiting>
      <h2>Webhooks</h2>
      <Waiting loaded={deliveries}>
        {(rows) => (
          <Table
            label="Webhooks"
            columns={DELIVERY_COLUMNS}
            rows={rows}
            rowKey={({ id }) => id}
            href={({ run_id }) => to(["runs", run_id])}
            empty="None was sent."
          />
        )}
      </Waiting>
    </>
  );
}

/** Checks with the line that mends what is not well. */
export function Checks({ checks }: { checks: ProjectCheck[] }) {
  return (
    <ul class="reasons">
      {checks.map(({ name, isWell, found, mend }) => (
        <li key={name}>
          <b class={isWell ? "good" : "bad"}>{isWell ? "✓" : "✗"} {name}</b>
          {" "}
          <VisibleText text={found} />
          {!isWell && <pre>{mend}</pre>}
        </li>
      ))}
      <li class="hint">
        Functions and endpoints are called by{" "}
        <code>deno task pipeline doctor</code>
      </li>
    </ul>
  );
}

const ENDPOINT_COLUMNS: Column<EndpointState>[] = [
  column(
    "Endpoint",
    "14rem",
    ({ name, retired }) => retired ? `${name} (retired)` : name,
  ),
  column("Model", "13rem", ({ model }) => model),
  column("API", "10rem", ({ format }) => format),
  figure(
    "Calls at once",
    "8rem",
    ({ concurrency, max_concurrency }) =>
      max_concurrency === null
        ? `${toNumber(concurrency)}, no limit`
        : `${toNumber(concurrency)} of ${toNumber(max_concurrency)}`,
  ),
  figure(
    "Learnt limit",
    "7rem",
    ({ learnt_concurrency }) => toNumber(learnt_concurrency),
  ),
  figure("Workers", "6rem", ({ workers }) => toNumber(workers)),
  figure("Waiting runs", "8rem", ({ waiting_runs }) => toNumber(waiting_runs)),
  column(
    "Rests",
    "16rem",
    ({ blocked_until, blocked_reason }) =>
      blocked_until === null ? "–" : (
        <b class="bad">
          until <Clock at={blocked_until} />:{" "}
          <VisibleText text={blocked_reason ?? ""} />
        </b>
      ),
  ),
];

const DELIVERY_COLUMNS: Column<Delivery>[] = [
  figure("Run", "5rem", ({ run_id }) => run_id),
  column("Event", "12rem", ({ type }) => type),
  column("To", "22rem", ({ url }) => url),
  column(
    "Outcome",
    "22rem",
    ({ delivered, status_code, error }) =>
      delivered
        ? <span class="good">✓ delivered {status_code}</span>
        : (
          <b class="bad">
            ✗ <VisibleText text={error ?? String(status_code)} />
          </b>
        ),
  ),
  figure("Attempt", "6rem", ({ attempt }) => attempt),
  column("Ago", "7rem", ({ created_at }) => <Age at={created_at} />),
];
