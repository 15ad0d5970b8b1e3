import * as z from "zod";

const judge = {
  endpoint: z.string().min(1).describe(
    "Endpoint of the judge, a name in model_endpoints",
  ),
  model: z.string().min(1).optional().describe(
    "Model of the judge; default: the endpoint's",
  ),
  parameters: z.record(z.string(), z.json()).default({}).describe(
    'Model parameters of the judge, such as {"temperature": 0}; without any the model\'s own hold. ' +
      'Judges are asked with a response schema; {"responseSchema": null} asks in words alone',
  ),
};

/** How a configuration names its judge. */
export const judgeFields = judge;

/** How a configuration names its judge, or several who vote. */
export const panelFields = {
  endpoint: judge.endpoint.optional(),
  model: judge.model,
  parameters: judge.parameters,
  panel: z.array(z.strictObject(judge)).min(2).max(9).optional().describe(
    "Several judges instead of endpoint, who each have a vote",
  ),
  combine: z.enum(["majority", "mean"]).default("majority").describe(
    "What the votes of a panel come to: passed and category as most of them say, or as their mean score says",
  ),
};

export interface Judge {
  endpoint: string;
  model?: string;
  parameters: Record<string, unknown>;
}

export type PanelConfig = z.output<z.ZodObject<typeof panelFields>>;

/** Whom a configuration asks; nobody when it names none. */
export function judgesOf(
  { endpoint, model, parameters, panel }: PanelConfig,
): Judge[] {
  if (panel) return panel;
  return endpoint === undefined ? [] : [{ endpoint, model, parameters }];
}

type Spellings = Pick<PanelConfig, "endpoint" | "panel">;

/** Refuses a configuration with both spellings, of which one would be ignored. */
export function refuseTwoJudges(
  { endpoint, panel }: Spellings,
  context: z.core.$RefinementCtx,
): void {
  if (endpoint === undefined || panel === undefined) return;
  context.addIssue({
    code: "custom",
    path: ["endpoint"],
    message: "cannot stand beside panel: write one of them",
  });
}

/** Refuses a configuration that names no judge, or names one in two ways. */
export function refuseJudges(
  config: Spellings,
  context: z.core.$RefinementCtx,
): void {
  refuseTwoJudges(config, context);
  if (config.endpoint !== undefined || config.panel !== undefined) return;
  context.addIssue({
    code: "custom",
    path: ["endpoint"],
    message: "is missing: name the endpoint of a judge, or several as panel",
  });
}
