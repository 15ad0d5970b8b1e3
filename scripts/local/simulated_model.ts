import type { Sql } from "postgres";
import { type ModelSimulator, startModelSimulator } from "./model_simulator.ts";

/** A model of the same simulator that says more. */
export const otherSimulatedModel = "small-simulated-model";

/**
 * Starts a model that answers like one of a vendor's: after a second or so, and
 * one call in twenty fails. It understands nothing.
 */
export function startSimulatedModel(): Promise<ModelSimulator> {
  return startModelSimulator({
    latency: { medianMs: 550, p95Ms: 1_400 },
    faultRates: { "500": 0.05 },
    answer: (prompt, body) =>
      (body as { model?: string }).model === otherSimulatedModel
        ? `Simulated answer, which repeats the question: ${prompt}`
        : `Simulated answer to: ${firstWords(prompt)}`,
    record: false,
  });
}

/** From now on the simulator is faster, and refuses one prompt in twelve. */
export function behaveAsOtherModel(simulator: ModelSimulator): void {
  simulator.configure({
    latency: { medianMs: 250, p95Ms: 600 },
    faultRates: { "filtered-400": 0.08 },
  });
}

/** Its row in model_endpoints. */
export function toSimulatedEndpoint({ url }: ModelSimulator) {
  return {
    name: "simulator",
    url: `${url}/v1`,
    model: "simulated-model",
    headers: {},
    max_concurrency: 8,
  };
}

/**
 * Starts the model and names it in the endpoint "simulator", unless the user has
 * given that name to something else: then undefined.
 */
export async function offerSimulatedModel(
  sql: Sql,
): Promise<ModelSimulator | undefined> {
  const simulator = await startSimulatedModel();
  const { headers: _none, ...row } = toSimulatedEndpoint(simulator);
  const offered = await sql`
    insert into model_endpoints ${sql(row)}
    on conflict (name) do update set url = excluded.url
    where model_endpoints.url like 'http://127.0.0.1:%'
    returning name
  `;
  if (offered.length > 0) return simulator;
  await simulator.stop();
}

function firstWords(prompt: string): string {
  return prompt.split(/\s+/, 10).join(" ");
}
