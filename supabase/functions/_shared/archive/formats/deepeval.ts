import {
  isObject,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
} from "../json.ts";
import { rowConversation } from "./dataset_row.ts";
import { conversationFormat, type ReadConversation } from "./format.ts";
import { listTurns } from "./list_turns.ts";
import { describeLastPrompt } from "./text_turn.ts";

/**
 * Test runs of DeepEval: `{testCases: [{input, actualOutput, expectedOutput, metricsData}],
 * conversationalTestCases: [{turns: [{role, content}]}]}`, in `.latest_test_run.json` below
 * `testRunData`; also its goldens of several turns, `{scenario, turns, expected_outcome}`.
 * github.com/confident-ai/deepeval, deepeval/test_run/api.py and deepeval/dataset/dataset.py.
 */
export const deepeval = conversationFormat({
  name: "deepeval",
  ignored: { scenario: "tells what a conversation is to be about" },
  matches: (record) => casesOf(record) !== undefined || isTalk(record),
  read: (record) => {
    if (isTalk(record)) return [readTalk(record)];
    const { testCases, conversationalTestCases } = casesOf(record) ?? {};
    return [
      ...objectsOf(testCases).map(withoutLogs)
        .map((test) => rowConversation(test)),
      ...objectsOf(conversationalTestCases).map(readTalk),
    ];
  },
});

function casesOf(record: JsonObject): JsonObject | undefined {
  return [record, objectOrEmpty(record.testRunData)].find((run) =>
    Array.isArray(run.testCases) ||
    Array.isArray(run.conversationalTestCases)
  );
}

function isTalk({ turns, scenario, expected_outcome }: JsonObject): boolean {
  return (scenario !== undefined || expected_outcome !== undefined) &&
    (turns === null || Array.isArray(turns) && turns.every(isObject));
}

function readTalk(
  { turns, name, scenario, ...more }: JsonObject,
): ReadConversation {
  const expected = more.expected_outcome ?? more.expectedOutcome;
  // Earlier versions wrote a pair as a turn.
  const talk = objectsOf(turns).flatMap((turn) =>
    turn.role === undefined
      ? rowConversation(turn)?.turns ?? []
      : listTurns([turn])
  );
  describeLastPrompt(talk, {
    ...scenario !== undefined && { scenario },
    ...expected !== undefined && { expected_outcome: expected },
  });
  return { title: name, turns: talk };
}

/** Logs and traces of the judge are longer than everything else. */
function withoutLogs(test: JsonObject): JsonObject {
  const { trace: _trace, metricsData, ...rest } = test;
  const scores = objectsOf(metricsData)
    .map(({ name, score }) => [String(name), score ?? null]);
  return {
    ...rest,
    ...scores.length > 0 && { scores: Object.fromEntries(scores) },
  };
}
