/**
 * All that the dashboard may ask of a project. With the secret key a blind proxy would hand out
 * Vault; what is not named here is answered 404. A screen that needs more adds a line.
 */

/** Tables and views that are read; the columns where not all may be. */
export const RELATIONS: Record<string, "all" | string[]> = {
  pipeline_run_progress: "all",
  pipeline_sweep_progress: "all",
  pipeline_watches: "all",
  pipeline_watch_status: "all",
  prompt_sets: "all",
  prompt_set_prompts: "all",
  pipeline_errors: "all",
  pipeline_error_groups: "all",
  pipeline_webhook_deliveries: "all",
  experiment_scores: "all",
  model_endpoint_status: "all",
  // Not headers and request_template, where keys are named.
  model_endpoints: ["name", "model", "models", "retired"],
};

/** Functions that read. */
export const READS: string[] = [
  "browse_experiment_pairs",
  "compare_experiments",
  "list_experiments",
  "summarize_experiments",
  "summarize_experiment_costs",
  "summarize_experiment_scores",
  "summarize_repetitions",
  "rank_experiments",
  "pipeline_estimate_cost",
  "prompt_sources",
  "describe_prompt_source",
  "pipeline_inspect_project",
  "browse_evaluations",
  "read_evaluation",
  "evaluation_distribution",
  "evaluation_facets",
  "pipeline_run_timeline",
  "pipeline_watch_timeline",
  "list_evaluation_label_queues",
  "evaluation_agreement",
];

/** Functions that change something; off with --read-only. */
export const CHANGES: string[] = [
  "pause_pipeline_run",
  "resume_pipeline_run",
  "cancel_pipeline_run",
  "retry_pipeline_run",
  "pause_pipeline_sweep",
  "resume_pipeline_sweep",
  "cancel_pipeline_sweep",
  "retry_pipeline_sweep",
  "pause_pipeline_watch",
  "resume_pipeline_watch",
  "limit_pipeline_watch",
  "delete_pipeline_watch",
  "grade_evaluation",
  "create_evaluation_label_queue",
  "close_evaluation_label_queue",
  "delete_evaluation_label_queue",
  "claim_evaluation_label",
  "submit_evaluation_label",
  "skip_evaluation_label",
  "undo_evaluation_label",
  "save_corrected_responses",
  "pipeline_create_run",
  "pipeline_create_sweep",
  "pipeline_create_watch",
];

const OF_RUNS_AND_SWEEPS = [
  "source",
  "endpoint",
  "model",
  "parameters",
  "options",
  "template",
  "repetitions",
  "evaluators",
  "tags",
  "max_prompts",
  "max_concurrency",
  "max_cost",
];

/**
 * What may be written of a run, a sweep or a watch: whose it is and where its answers go is not for a page to
 * say. check_body.ts looks into options and evaluators.
 */
export const ROWS: Record<string, { argument: string; columns: string[] }> = {
  pipeline_create_run: {
    argument: "run",
    columns: ["experiment_name", ...OF_RUNS_AND_SWEEPS],
  },
  pipeline_create_sweep: {
    argument: "sweep",
    columns: ["name", "variants", ...OF_RUNS_AND_SWEEPS],
  },
  pipeline_create_watch: {
    argument: "watch",
    columns: [
      "name",
      "source",
      "evaluators",
      "options",
      "sample",
      "max_cost_per_day",
      "max_answers_per_day",
      "window_turns",
      "approved",
    ],
  },
};
