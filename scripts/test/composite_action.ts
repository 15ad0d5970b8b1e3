import { data, Evaluator, Lexer, Parser } from "@actions/expressions";
import { dirname, join } from "node:path";
import { parse } from "yaml";

interface Action {
  inputs: Record<string, { required?: boolean; default?: string }>;
  outputs: Record<string, { value: string }>;
  runs: { using: "composite"; steps: Step[] };
}

interface Step {
  id?: string;
  if?: string;
  shell: "bash";
  env?: Record<string, string>;
  run: string;
}

/** What came of an action. */
export interface ActionResult {
  /** Exit code of the step that failed; 0: none did. */
  code: number;
  outputs: Record<string, string>;
  summary: string;
  log: string;
}

/**
 * Runs the steps of a composite action as GitHub's runner does: expressions by its own evaluator,
 * bash as `shell: bash` means it (https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax),
 * outputs and summary by files, and no step after one that failed.
 *
 * @param file action.yml
 * @param context what stands in `github`
 * @param environment of the steps, beside what is inherited
 */
export async function runCompositeAction(
  file: string,
  { inputs, context, environment, folder }: {
    inputs: Record<string, string>;
    context: object;
    environment: Record<string, string>;
    folder: string;
  },
): Promise<ActionResult> {
  const action: Action = parse(await Deno.readTextFile(file));
  const unknown = Object.keys(inputs).filter((name) => !action.inputs[name]);
  if (unknown.length > 0) throw new Error(`${file} has no input ${unknown}`);
  const contexts = {
    github: context,
    inputs: Object.fromEntries(
      Object.entries(action.inputs).map(([name, { default: value = "" }]) => [
        name,
        inputs[name] ?? fill(value, { github: context }),
      ]),
    ),
    steps: {} as Record<string, { outputs: Record<string, string> }>,
  };
  const temporary = await Deno.makeTempDir();
  const summaryFile = join(temporary, "summary");
  const result: ActionResult = { code: 0, outputs: {}, summary: "", log: "" };
  try {
    for (const [index, step] of action.runs.steps.entries()) {
      if (step.if && evaluate(step.if, contexts) === "false") continue;
      const script = join(temporary, `${index}.sh`);
      const outputFile = join(temporary, `${index}.output`);
      await Deno.writeTextFile(script, step.run);
      await Deno.writeTextFile(outputFile, "");
      const { code, stdout, stderr } = await new Deno.Command("bash", {
        args: ["--noprofile", "--norc", "-eo", "pipefail", script],
        cwd: folder,
        env: {
          ...environment,
          GITHUB_ACTION_PATH: dirname(file),
          GITHUB_OUTPUT: outputFile,
          GITHUB_STEP_SUMMARY: summaryFile,
          ...Object.fromEntries(
            Object.entries(step.env ?? {}).map(([name, value]) => [
              name,
              fill(value, contexts),
            ]),
          ),
        },
      }).output();
      for (const bytes of [stdout, stderr]) {
        result.log += new TextDecoder().decode(bytes);
      }
      if (step.id) {
        contexts.steps[step.id] = {
          outputs: Object.fromEntries(
            (await Deno.readTextFile(outputFile)).split("\n")
              .map((line) => /^([^=]+)=(.*)$/.exec(line)?.slice(1) ?? [])
              .filter(({ length }) => length > 0),
          ),
        };
      }
      result.code = code;
      if (code !== 0) break;
    }
    result.summary = await Deno.readTextFile(summaryFile);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
  for (const [name, { value }] of Object.entries(action.outputs)) {
    result.outputs[name] = fill(value, contexts);
  }
  return result;
}

function fill(text: string, contexts: Record<string, unknown>): string {
  return text.replace(
    /\$\{\{(.*?)\}\}/g,
    (_, expression) => evaluate(expression, contexts),
  );
}

function evaluate(
  expression: string,
  contexts: Record<string, unknown>,
): string {
  const { tokens } = new Lexer(expression).lex();
  const parsed = new Parser(tokens, Object.keys(contexts), []).parse();
  const context = JSON.parse(JSON.stringify(contexts), data.reviver);
  return new Evaluator(parsed, context).evaluate().coerceString();
}
