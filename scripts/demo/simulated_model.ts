import {
  type ModelSimulator,
  startModelSimulator,
} from "../local/model_simulator.ts";
import type { EndpointRow } from "./model_choice.ts";

/** The name of the model that answers after behaveAsOtherModel(). */
export const otherSimulatedModel = "small-simulated-model";

/**
 * Starts a model that answers like one of a vendor's: after a second or so, and
 * one call in twenty fails. It understands nothing.
 */
export function startSimulatedModel(): Promise<ModelSimulator> {
  return startModelSimulator({
    latency: { medianMs: 550, p95Ms: 1_400 },
    faultRates: { "500": 0.05 },
    answer: (prompt) => `Simulated answer to: ${firstWords(prompt)}`,
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
export function toSimulatedEndpoint({ url }: ModelSimulator): EndpointRow {
  return {
    name: "simulator",
    url: `${url}/v1`,
    model: "simulated-model",
    headers: {},
    max_concurrency: 8,
  };
}

function firstWords(prompt: string): string {
  return prompt.split(/\s+/, 10).join(" ");
}
