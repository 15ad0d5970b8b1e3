import { startStack } from "../local/stack.ts";
import { coverTrueRate } from "./label_seeds.ts";
import type { Measurement } from "./measurement.ts";

const SEEDS = 1_000;

const GOALS = {
  random: "930 to 970",
  verdict: "at least 930",
} as const;

/** How often the interval of a corrected pass rate has the true rate, of 1,000 experiments. */
export async function* measureLabels(): AsyncIterable<Measurement> {
  const stack = await startStack({ port: 0, functions: [], wakes: "off" });
  try {
    for (const choose of ["random", "verdict"] as const) {
      yield {
        name: `labels: corrected rates that hold, chosen by ${
          choose === "random" ? "chance" : "verdict"
        }, of 1,000`,
        value: await coverTrueRate(stack.sql, SEEDS, choose),
        unit: "experiments",
        goal: GOALS[choose],
      };
    }
  } finally {
    await stack.stop();
  }
}
