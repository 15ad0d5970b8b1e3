import { playSweep } from "../e2e/sweep_scenario.ts";

Deno.test("a sweep of 3 models and 2 templates, 5 times over 50 prompts, survives what happens to it and is ranked right", () =>
  playSweep(50));
