import * as z from "zod";

/** How a configuration names its judge. */
export const judgeFields = {
  endpoint: z.string().min(1).describe(
    "Endpoint of the judge, a name in model_endpoints",
  ),
  model: z.string().min(1).optional().describe(
    "Model of the judge; default: the endpoint's",
  ),
  parameters: z.record(z.string(), z.json()).default({ temperature: 0 })
    .describe(
      "Model parameters of the judge; {} for models that refuse a temperature",
    ),
};

export interface Judge {
  endpoint: string;
  model?: string;
  parameters: Record<string, unknown>;
}
