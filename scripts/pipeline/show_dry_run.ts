import { OPERATIONS } from "../../supabase/functions/_shared/operations/operations.ts";
import type { DryRunSummary } from "../../supabase/functions/_shared/operations/dry_run.ts";
import type { ExtractPromptsInput } from "../../supabase/functions/_shared/operations/extract_prompts_schema.ts";
import type { Services } from "../../supabase/functions/_shared/operations/services.ts";
import { EXIT, type Terminal } from "./command.ts";
import { formatCost } from "./format_values.ts";
import { toVisible, toVisibleJson } from "./visible_text.ts";

/**
 * Shows what a run of these prompts would ask and may cost, on this machine: nothing is uploaded, sent
 * or stored.
 *
 * @returns the exit code
 */
export async function showDryRun(
  input: ExtractPromptsInput,
  services: Services,
  terminal: Terminal,
  isJson?: boolean,
): Promise<number> {
  const { summary, errors } = await OPERATIONS.extract_prompts.run(
    { ...input, dryRun: true },
    services,
  );
  if (isJson) terminal.print(toVisibleJson({ ...summary, errors }));
  else {
    for (const line of describeDryRun(summary!)) {
      terminal.print(toVisible(line));
    }
    for (const { message } of errors.slice(0, MOST_ERRORS)) {
      terminal.complain(toVisible(message));
    }
    if (errors.length > MOST_ERRORS) {
      terminal.complain(`${errors.length - MOST_ERRORS} more, see --json`);
    }
  }
  return summary!.prompts === 0 || errors.length > 0
    ? EXIT.somethingFailed
    : EXIT.done;
}

const MOST_ERRORS = 5;

/** A line for each thing that is known. */
export function describeDryRun(summary: DryRunSummary): string[] {
  const {
    files,
    conversations,
    prompts,
    repetitions,
    inputTokens,
    examples,
  } = summary;
  return [
    [
      "prompts",
      repetitions === 1
        ? String(prompts)
        : `${prompts}, each asked ${repetitions} times`,
    ],
    ["files", files > 0 ? `${files}, ${conversations} conversations` : ""],
    ["formats", describeCounts(summary.formats)],
    ["skipped", describeCounts(summary.skipped)],
    ["redacted", describeCounts(summary.redactions)],
    ["lacking", describeCounts(summary.missing)],
    ["tokens", `about ${inputTokens} in`],
    ["price", describePrice(summary)],
    ...examples.map((text, index) => [
      index === 0 ? "such as" : "",
      text.replace(/\s+/g, " ").slice(0, 68),
    ]),
  ].filter(([, text]) => text !== "")
    .map(([name, text]) => `${name.padEnd(12)}${text}`);
}

function describeCounts(counts: Record<string, number>): string {
  return Object.entries(counts).map(([name, count]) => `${count} × ${name}`)
    .join(", ");
}

function describePrice(
  { price, inputTokens, prompts, repetitions }: DryRunSummary,
): string {
  if (!price) return "";
  const { endpoint, cost, outputTokensEach, cachedInputTokens } = price;
  if (cost === null) {
    return `unknown: endpoint ${endpoint} has no prices (endpoint edit ${endpoint} --input-cost … --output-cost …)`;
  }
  return `about ${
    formatCost(cost)
  } USD on ${endpoint}: ${inputTokens} tokens in${
    cachedInputTokens ? ` (${cachedInputTokens} by its cache)` : ""
  }, ${
    prompts * repetitions * outputTokensEach
  } out at ${outputTokensEach} each`;
}
