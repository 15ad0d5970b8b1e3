import type {
  ModelSimulatorOptions,
  RecordedRequest,
} from "../model_simulator.ts";

/** A model simulator as another process sees it. */
export interface SimulatorControl {
  url: string;
  configure(options: ModelSimulatorOptions): Promise<void>;
  /** What it was asked last. */
  lastRequest(): Promise<RecordedRequest | undefined>;
}

/** Controls the model simulator at a URL, in whatever process it runs. */
export function controlSimulator(url: string): SimulatorControl {
  const control = `${url}/simulator`;
  return {
    url,
    async configure(options) {
      const body = JSON.stringify(options);
      const response = await fetch(control, { method: "POST", body });
      await response.body?.cancel();
    },
    async lastRequest() {
      return (await (await fetch(control)).json()).lastRequest;
    },
  };
}
