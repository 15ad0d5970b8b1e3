import { toJson } from "./endpoint_options.ts";
import { switches, texts, toNumber } from "./read_arguments.ts";

/** What a run and a sweep are asked with alike. */
export const askedOptions = {
  ...texts("parameters", "system", "repetitions", "options", "evaluators"),
  ...texts("max-prompts", "max-cost", "max-concurrency", "table", "key"),
  ...switches("join", "detach", "json"),
  tag: { type: "string", multiple: true },
} as const;

/** These options as operations take them. @throws {WrongUsage} a number or JSON is none */
export function toConfig<Template>(
  values: { [Name in keyof typeof askedOptions]?: unknown },
  template: Template,
) {
  const text = (name: keyof typeof askedOptions) =>
    values[name] as string | undefined;
  const number = (name: keyof typeof askedOptions) =>
    toNumber(name, text(name));
  return {
    ...toJson("options", text("options")),
    parameters: toJson("parameters", text("parameters")),
    template,
    repetitions: number("repetitions"),
    extractMaxPrompts: number("max-prompts"),
    join: values.join,
    maxCost: number("max-cost"),
    maxConcurrency: number("max-concurrency"),
  };
}
