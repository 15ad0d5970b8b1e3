import type { Stack } from "../local/stack.ts";

/** Works with nothing but Node, as in the README. */
const task = `npx -y deno@${Deno.version.deno} task`;

/** Three things to try when the demo has ended. */
export const stepsAfterwards: string[] = [
  "1  Keep it running and look at runs, answers and the comparison",
  `   ${task} demo --keep`,
  "2  Ask a real model, of OpenAI, Anthropic, Google, Ollama or alike",
  "   MODEL_ENDPOINT=https://api.openai.com/v1 MODEL=… MODEL_API_KEY=… \\",
  `     ${task} demo`,
  "3  See which prompts your own archives hold",
  `   ${task} pipeline extract conversations.json`,
];

/** Three things to try while everything is still running. */
export function stepsMeanwhile(
  { databaseUrl }: Pick<Stack, "databaseUrl">,
  endpoint: string,
): string[] {
  return [
    "1  Look at the runs and their answers: open the Dashboard URL above",
    `2  Start a run of your own: psql ${databaseUrl}`,
    "   insert into pipeline_runs (source, endpoint)",
    `   values ('{"type": "prompts", "prompts": ["Hello"]}', '${endpoint}');`,
    "3  Follow it",
    "   select * from pipeline_run_progress order by id desc limit 1;",
  ];
}
