import { toVisible } from "../../../pipeline/visible_text.ts";
import { here, withQuery } from "../data/here.ts";
import {
  type Answers,
  type Called,
  type DryRun as Counted,
  type Price,
  readDryRun,
} from "../data/dry_run.ts";
import type { Prompts } from "../data/prompts.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { Examples } from "./examples.tsx";
import { Facts } from "./facts.tsx";
import { toMoney, toNumber } from "./formats.ts";
import { type Column, column, figure, Table } from "./table.tsx";
import { VisibleText } from "./visible_text.tsx";
import { Waiting } from "./waiting.tsx";

/** What a run would ask and cost, on wish: archives are read for it, and no model is asked. */
export function DryRun(
  {
    prompts,
    called,
    answers = {},
    maxCost,
    asksJudges,
    withExamples = true,
  }: {
    prompts: Prompts;
    called: Called[];
    answers?: Answers;
    /** USD. */
    maxCost?: number;
    /** Whether what judges cost comes on top. */
    asksJudges?: boolean;
    /** Not where the first prompts stand beside it. */
    withExamples?: boolean;
  },
) {
  const isAsked = here.value.query.dry !== undefined;
  const counted = useLoaded(
    isAsked ? JSON.stringify(["dry run", prompts, called, answers]) : undefined,
    (signal) => readDryRun(prompts, called, answers, signal),
  );
  return (
    <section aria-label="Dry run">
      <h2>What it would ask</h2>
      {isAsked
        ? (
          <Waiting loaded={counted}>
            {(dry) => (
              <Estimate
                dry={dry}
                isTable={prompts.source.type === "table"}
                maxCost={maxCost}
                asksJudges={asksJudges}
                withExamples={withExamples}
              />
            )}
          </Waiting>
        )
        : (
          <p class="actions">
            <a class="button" href={withQuery({ dry: "1" })} data-key="d">
              Count prompts and price
            </a>
            <span class="hint">Nothing is sent to a model.</span>
          </p>
        )}
    </section>
  );
}

/** Prompts, the first of them, what could not be read, and prices. */
export function Estimate(
  { dry, isTable = false, maxCost, asksJudges, withExamples = true }: {
    dry: Counted;
    /** Then there is nothing to be told of files. */
    isTable?: boolean;
    maxCost?: number;
    asksJudges?: boolean;
    withExamples?: boolean;
  },
) {
  const { summary, errors, prices } = dry;
  const { prompts, repetitions, files, conversations } = summary;
  const total = prices.reduce<number | null>(
    (sum, { cost }) => sum === null || cost === null ? null : sum + cost,
    0,
  );
  return (
    <>
      <Facts
        facts={{
          Prompts: repetitions === 1
            ? toNumber(prompts)
            : `${toNumber(prompts)}, each ${toNumber(repetitions)} times`,
          Files: files > 0 && !isTable ? toNumber(files) : undefined,
          Conversations: files > 0 ? toNumber(conversations) : undefined,
          Formats: isTable ? undefined : toCounts(summary.formats),
          "Tokens in": `about ${toNumber(summary.inputTokens)}`,
          Replaced: toCounts(summary.redactions),
          "Not readable": toCounts(summary.skipped),
          "Lack for the template": toCounts(summary.missing),
        }}
      />
      {errors.length > 0 && (
        <ul class="problem">
          {errors.slice(0, MOST_ERRORS).map(({ message }, place) => (
            <li key={place}>
              <VisibleText text={message} />
            </li>
          ))}
          {errors.length > MOST_ERRORS && (
            <li>{toNumber(errors.length - MOST_ERRORS)} more</li>
          )}
        </ul>
      )}
      {withExamples && summary.examples.length > 0 && (
        <>
          <h3>The first prompts</h3>
          <Examples summary={summary} />
        </>
      )}
      {prices.length > 0 && (
        <Table
          label="Estimated prices"
          columns={PRICE_COLUMNS}
          rows={prices}
          rowKey={(price) => JSON.stringify(price)}
        />
      )}
      {prices.length > 0 && asksJudges && (
        <p class="hint">Judges are not in it.</p>
      )}
      {maxCost !== undefined && total !== null && total > maxCost && (
        <p class="notice">
          {toMoney(total)} may be needed in all, more than the ceiling of{" "}
          {toMoney(maxCost)}: it would pause before it spends more.
        </p>
      )}
    </>
  );
}

const MOST_ERRORS = 5;

const PRICE_COLUMNS: Column<Price>[] = [
  column("Endpoint", "12rem", ({ endpoint }) => endpoint ?? ""),
  figure(
    "Price, about",
    "7rem",
    ({ cost }) => cost === null ? "unknown" : toMoney(cost),
  ),
  column("Model", "12rem", ({ model }) => model ?? "its own"),
  figure(
    "Tokens out each",
    "9rem",
    ({ outputTokensEach }) => toNumber(outputTokensEach),
  ),
];

/** `3 openai-chat, 1 claude`; undefined: nothing. */
function toCounts(counts: Record<string, number>): string | undefined {
  const words = Object.entries(counts).map(([name, count]) =>
    `${toNumber(count)} ${name}`
  );
  return words.length === 0 ? undefined : toVisible(words.join(", "));
}
