/** The functions that make the pipeline; without one of them something of a run is never done. */
export const NEEDED_FUNCTIONS = [
  "pipeline-evaluator",
  "pipeline-worker",
  "prompt-pipeline",
];

/** Those of single operations, which prompt-pipeline serves as well. */
export const OPERATION_FUNCTIONS = [
  "evaluate-results",
  "execute-batch",
  "extract-prompts",
  "run-pipeline",
  "run-sweep",
  "save-prompt-set",
  "store-results",
];
