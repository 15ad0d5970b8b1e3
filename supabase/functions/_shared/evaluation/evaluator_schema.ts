import * as z from "zod";
import { EVALUATORS } from "./evaluators.ts";

type Schemas<Definitions extends readonly { schema: z.ZodObject }[]> = {
  -readonly [Index in keyof Definitions]: Definitions[Index]["schema"];
};

const schemas = EVALUATORS.map(({ schema }) => schema) as unknown as Schemas<
  typeof EVALUATORS
>;

const configSchema = z.discriminatedUnion("type", schemas, {
  error: (issue) =>
    issue.code === "invalid_union"
      ? `is no evaluator: choose one of ${
        schemas.map(({ shape }) => shape.type.value).join(", ")
      }`
      : 'must be the name of an evaluator or an object such as {"type":"regex","pattern":"…"}',
});

/** One evaluator of a run: its name, or an object with `type` and the fields of that type. */
export const evaluatorSchema = z.preprocess(
  (value) => typeof value === "string" ? { type: value } : value,
  configSchema,
);

/** `pipeline_runs.evaluators`: the messages list every problem of every evaluator. */
export const evaluatorsSchema = z.array(evaluatorSchema).max(50)
  .superRefine((configs, context) => {
    const names = new Set<string>();
    for (const [index, config] of configs.entries()) {
      const name = nameOf(config);
      if (names.has(name)) {
        context.addIssue({
          code: "custom",
          path: [index, "name"],
          message: `another evaluator is named ${name}: give this one a name`,
        });
      }
      names.add(name);
    }
    for (const [index, config] of configs.entries()) {
      if (config.type !== "weighted") continue;
      for (const name of Object.keys(config.weights)) {
        const part = configs.find((other) => nameOf(other) === name);
        if (part && part.type !== "weighted") continue;
        context.addIssue({
          code: "custom",
          path: [index, "weights"],
          message:
            `"${name}" is no other evaluator of the run, or weighted itself`,
        });
      }
    }
  });

/** What `createEvaluator` takes: a configuration with its defaults filled in. */
export type EvaluatorConfig = z.output<typeof evaluatorSchema>;

/** The name of an evaluator's scores; `pipeline.evaluator_name()` is its twin. */
export function nameOf(
  { name, type, not }: { name?: string; type: string; not?: boolean },
): string {
  return name ?? (not ? `not-${type}` : type);
}
