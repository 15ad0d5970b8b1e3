/**
 * Who may do what from outside: the table that security_access_test.ts tries out over HTTP and that
 * docs/security.md shows. Whatever is not named here is refused, and the test fails when a table,
 * view, function or operation exists that is not named.
 */

/** Which rows a verb reaches; `open`: endpoints that are open to users; `readers`: all, with the claim. */
export type Reach = "own" | "open" | "readers" | "all";

export type Verb = "select" | "insert" | "update" | "delete";

export type Verbs = Partial<Record<Verb, Reach>>;

/** A table or view of the Data API. */
export interface RelationAccess {
  name: string;
  user: Verbs;
  service: Verbs;
  /** Columns that users may name; absent: all. */
  columns?: Partial<Record<"select" | "insert" | "update", string[]>>;
}

/** A SQL function of the Data API. */
export interface FunctionAccess {
  name: string;
  /** Signed-in users may call it; `others`: the answer about what is not theirs, absent where nothing else can be asked for. */
  user?: { others?: unknown };
  /** Arguments of a call that is worth a try; `runId` is the caller's own run or another's. */
  arguments: (runId: number) => Record<string, unknown>;
}

/** A request to an Edge Function. */
export interface OperationAccess {
  name: string;
  method: "GET" | "POST";
  /** `own`: what others have is refused with this status. */
  user: { reach: "all" | "refused" } | { reach: "own"; others: number };
  anonymous: "all" | "refused";
  service: "all" | "refused";
  /** What a call that is allowed gets; default 200. */
  status?: number;
  /** A body about what belongs to a user. */
  body?: (thing: { userId: string; runId: number; endpoint: string }) => object;
}

const EVERYTHING: Verbs = {
  select: "all",
  insert: "all",
  update: "all",
  delete: "all",
};
const READ_ALL: Verbs = { select: "all" };
const READ_OWN: Verbs = { select: "own" };

export const RELATIONS: RelationAccess[] = [
  {
    name: "model_endpoints",
    user: { select: "open" },
    service: EVERYTHING,
    columns: {
      select: [
        "name",
        "model",
        "format",
        "open_to_users",
        "models",
        "user_parameters",
        "user_headers",
        "retired",
        "max_concurrency",
        "requests_per_minute",
        "tokens_per_minute",
      ],
    },
  },
  {
    name: "pipeline_webhook_hosts",
    user: { select: "open" },
    service: EVERYTHING,
    columns: { select: ["host"] },
  },
  {
    name: "pipeline_runs",
    user: { select: "own", insert: "own", update: "own" },
    service: EVERYTHING,
    columns: {
      insert: [
        "experiment_name",
        "source",
        "endpoint",
        "model",
        "parameters",
        "options",
        "template",
        "repetitions",
        "results_table",
        "evaluators",
        "evaluation_webhook",
        "tags",
        "metadata",
        "max_prompts",
        "max_concurrency",
        "max_attempts",
        "max_cost",
        "max_wait_seconds",
        "prompt_deadline_seconds",
        "deadline_at",
      ],
      update: ["status", "max_concurrency"],
    },
  },
  {
    name: "pipeline_sweeps",
    user: { select: "own", insert: "own" },
    service: EVERYTHING,
    columns: {
      insert: [
        "name",
        "source",
        "variants",
        "endpoint",
        "model",
        "parameters",
        "options",
        "template",
        "repetitions",
        "results_table",
        "evaluators",
        "evaluation_webhook",
        "tags",
        "metadata",
        "max_prompts",
        "max_concurrency",
        "max_attempts",
        "max_cost",
        "max_wait_seconds",
        "prompt_deadline_seconds",
        "deadline_at",
      ],
    },
  },
  { name: "pipeline_sweep_progress", user: READ_OWN, service: READ_ALL },
  {
    name: "pipeline_watches",
    user: { select: "own", insert: "own", update: "own", delete: "own" },
    service: EVERYTHING,
    columns: {
      insert: [
        "name",
        "source",
        "evaluators",
        "options",
        "sample",
        "max_cost_per_day",
        "max_answers_per_day",
        "window_turns",
        "approved",
        "evaluation_webhook",
        "results_table",
      ],
      update: [
        "status",
        "sample",
        "max_cost_per_day",
        "max_answers_per_day",
        "window_turns",
        "approved",
        "evaluation_webhook",
      ],
    },
  },
  { name: "pipeline_watch_status", user: READ_OWN, service: READ_ALL },
  { name: "prompt_sets", user: READ_OWN, service: READ_ALL },
  { name: "prompt_set_prompts", user: READ_OWN, service: READ_ALL },
  { name: "pipeline_tasks", user: READ_OWN, service: EVERYTHING },
  { name: "prompt_evaluations", user: READ_OWN, service: EVERYTHING },
  { name: "evaluation_scores", user: READ_OWN, service: EVERYTHING },
  { name: "evaluation_votes", user: READ_OWN, service: EVERYTHING },
  {
    name: "evaluation_labels",
    user: { select: "own", insert: "own", update: "own", delete: "own" },
    service: EVERYTHING,
    columns: {
      insert: [
        "results_table",
        "evaluation_id",
        "name",
        "person",
        "passed",
        "score",
        "category",
        "remark",
        "corrected_response",
        "chosen",
        "evaluator",
        "queue_id",
        "is_swapped",
        "owner",
        "created_at",
        "updated_at",
      ],
      update: [
        "passed",
        "score",
        "category",
        "corrected_response",
        "chosen",
        "evaluator",
        "queue_id",
        "updated_at",
        "remark",
      ],
    },
  },
  {
    // Reviewers, with the claim "label": supabase/tests/browse/label_queues.test.sql.
    name: "evaluation_label_queues",
    user: { select: "own", update: "own", delete: "own" },
    service: EVERYTHING,
    columns: {
      select: [
        "id",
        "name",
        "label_name",
        "kind",
        "categories",
        "passing",
        "lowest",
        "highest",
        "pass_from",
        "instructions",
        "people",
        "blind",
        "lease_seconds",
        "owner",
        "created_at",
        "closed_at",
      ],
      update: [
        "instructions",
        "people",
        "blind",
        "reviewers",
        "closed_at",
        "lease_seconds",
      ],
    },
  },
  {
    name: "evaluation_label_items",
    user: { select: "own" },
    service: EVERYTHING,
    columns: {
      select: ["id", "queue_id", "position", "results_table", "evaluation_id"],
    },
  },
  {
    name: "model_endpoint_status",
    user: { select: "readers" },
    service: READ_ALL,
  },
  {
    name: "pipeline_webhook_deliveries",
    user: READ_OWN,
    service: { select: "all", insert: "all", delete: "all" },
  },
  { name: "pipeline_run_progress", user: READ_OWN, service: READ_ALL },
  { name: "pipeline_quota_use", user: READ_OWN, service: READ_ALL },
  { name: "pipeline_errors", user: READ_OWN, service: READ_ALL },
  { name: "pipeline_error_groups", user: READ_OWN, service: READ_ALL },
  { name: "experiment_baselines", user: READ_OWN, service: EVERYTHING },
  { name: "experiment_costs", user: READ_OWN, service: READ_ALL },
  { name: "experiment_scores", user: READ_OWN, service: READ_ALL },
  { name: "experiment_summary", user: READ_OWN, service: READ_ALL },
];

/** What `create_evaluations_table()` makes is open to the same people as this table. */
export const RESULTS_TABLE = RELATIONS.find(({ name }) =>
  name === "prompt_evaluations"
)!;

/** The run of somebody else is answered like one that does not exist. */
export const NO_RUN = /Cannot find run/;

/** So is an experiment. */
const NO_EXPERIMENT = /Cannot find experiment/;

/** So is a queue of labels, and an item of one. */
const NO_QUEUE = /Cannot find label queue/;
const NO_ITEM = /Cannot label item/;

const NOBODY = "00000000-0000-4000-8000-000000000000";

export const FUNCTIONS: FunctionAccess[] = [
  { name: "pause_pipeline_run", user: { others: NO_RUN }, arguments: ofRun },
  { name: "resume_pipeline_run", user: { others: NO_RUN }, arguments: ofRun },
  {
    name: "compare_experiments",
    user: { others: NO_EXPERIMENT },
    arguments: () => ({ baseline: "of ada", candidate: "also of ada" }),
  },
  {
    name: "browse_experiment_pairs",
    user: { others: NO_EXPERIMENT },
    arguments: () => ({
      baseline: "of ada",
      candidate: "also of ada",
      show: "all",
    }),
  },
  {
    name: "gate_experiments",
    user: { others: NO_EXPERIMENT },
    arguments: () => ({
      baseline: "of ada",
      candidate: "also of ada",
      policy: { evaluators: { success: {} } },
    }),
  },
  {
    name: "approve_experiment_baseline",
    arguments: () => ({ name: "approved", experiment: "of ada" }),
  },
  {
    name: "rank_experiments",
    user: { others: NO_EXPERIMENT },
    arguments: () => ({ names: ["of ada"] }),
  },
  {
    name: "rate_experiments",
    user: { others: NO_EXPERIMENT },
    arguments: () => ({ names: ["of ada", "also of ada"] }),
  },
  {
    name: "export_evaluations",
    user: { others: { rows: [], next: null } },
    arguments: () => ({
      results_table: "prompt_evaluations",
      experiment_name: "of ada",
    }),
  },
  {
    name: "browse_evaluations",
    user: { others: { rows: [], next: null, scanned: 0 } },
    arguments: () => ({ experiment_name: "of ada" }),
  },
  {
    name: "read_evaluation",
    user: { others: null },
    arguments: ofFirstEvaluation,
  },
  {
    name: "grade_evaluation",
    user: {},
    arguments: () => ({ ...ofFirstEvaluation(), passed: true }),
  },
  {
    name: "create_evaluation_label_queue",
    user: { others: NO_EXPERIMENT },
    arguments: () => ({ name: "new", experiment_name: "of ada" }),
  },
  { name: "list_evaluation_label_queues", user: {}, arguments: () => ({}) },
  {
    name: "claim_evaluation_label",
    user: { others: NO_QUEUE },
    arguments: ofFirstQueue,
  },
  {
    name: "submit_evaluation_label",
    user: { others: NO_ITEM },
    arguments: () => ({ ...ofFirstItem(), passed: true }),
  },
  {
    name: "undo_evaluation_label",
    user: { others: NO_QUEUE },
    arguments: ofFirstQueue,
  },
  {
    name: "skip_evaluation_label",
    user: { others: false },
    arguments: ofFirstItem,
  },
  ...["close_evaluation_label_queue", "delete_evaluation_label_queue"].map((
    name,
  ) => ({ name, user: { others: NO_QUEUE }, arguments: ofFirstQueue })),
  {
    name: "evaluation_agreement",
    user: { others: /no answer has both/ },
    arguments: () => ({
      evaluator: "e",
      label_name: "quality",
      experiment: "also of ada",
    }),
  },
  {
    name: "correct_experiments",
    user: { others: NO_EXPERIMENT },
    arguments: () => ({
      names: ["of ada"],
      evaluator: "e",
      measured_on: "of ada",
    }),
  },
  {
    name: "save_corrected_responses",
    user: { others: /nobody has corrected/ },
    arguments: () => ({
      name: "corrected",
      experiment_name: "also of ada",
    }),
  },
  {
    name: "evaluation_distribution",
    user: {},
    arguments: () => ({ experiment_name: "of ada", measure: "cost" }),
  },
  {
    name: "evaluation_facets",
    user: {},
    arguments: () => ({ experiment_name: "of ada" }),
  },
  { name: "pipeline_run_timeline", user: { others: [] }, arguments: ofRun },
  ...[
    "pipeline_watch_timeline",
    "pause_pipeline_watch",
    "resume_pipeline_watch",
  ]
    .map((name) => ({
      name,
      user: { others: /Cannot find watch/ },
      arguments: ofWatchOfAda,
    })),
  {
    name: "limit_pipeline_watch",
    user: { others: /Cannot find watch/ },
    arguments: () => ({
      ...ofWatchOfAda(),
      sample: 1,
      max_cost_per_day: null,
      max_answers_per_day: null,
    }),
  },
  {
    name: "delete_pipeline_watch",
    user: { others: /Cannot find watch/ },
    arguments: ofWatchOfAda,
  },
  {
    name: "pipeline_create_watch",
    arguments: () => ({ watch: { name: "created" } }),
  },
  {
    name: "list_experiments",
    user: {},
    arguments: () => ({}),
  },
  {
    name: "summarize_experiments",
    user: { others: [] },
    arguments: () => ({ names: ["of ada"] }),
  },
  {
    name: "summarize_experiment_costs",
    user: { others: [] },
    arguments: () => ({ names: ["of ada"] }),
  },
  {
    name: "summarize_experiment_scores",
    user: { others: [] },
    arguments: () => ({ names: ["of ada"] }),
  },
  {
    name: "summarize_repetitions",
    user: { others: [] },
    arguments: () => ({ names: ["of ada"] }),
  },
  { name: "cancel_pipeline_run", user: { others: NO_RUN }, arguments: ofRun },
  { name: "retry_pipeline_run", arguments: ofRun },
  ...["pause", "resume", "cancel"].map((verb) => ({
    name: `${verb}_pipeline_sweep`,
    user: { others: /Cannot find sweep/ },
    arguments: ofSweepOfAda,
  })),
  { name: "retry_pipeline_sweep", arguments: ofSweepOfAda },
  { name: "delete_pipeline_sweep", arguments: () => ({ sweep_id: 0 }) },
  {
    name: "pipeline_create_sweep",
    arguments: () => ({ sweep: { name: "created" } }),
  },
  {
    name: "save_prompt_set",
    user: {},
    arguments: () => ({ name: "mine", prompts: ["a"] }),
  },
  {
    name: "diff_prompt_sets",
    user: { others: /Cannot find set/ },
    arguments: () => ({ name: "of ada", version: 1 }),
  },
  {
    name: "delete_prompt_set",
    user: { others: /Cannot find set/ },
    arguments: () => ({ name: "deleted by ada" }),
  },
  { name: "pipeline_send_prompts", arguments: () => ({ prompts: ["a"] }) },
  {
    name: "pipeline_measure_list",
    arguments: () => ({ source: { type: "set", name: "of nobody" } }),
  },
  { name: "show_sent_prompt", arguments: () => ({ evaluation_id: 1 }) },
  {
    name: "evaluate_pipeline_run",
    arguments: (run_id) => ({ run_id, evaluators: ["refusal"] }),
  },
  {
    name: "evaluate_experiment",
    arguments: () => ({ experiment_name: "of ada", evaluators: ["refusal"] }),
  },
  {
    name: "create_evaluations_table",
    arguments: () => ({ name: "somebodys_results" }),
  },
  {
    name: "use_evaluations_table",
    arguments: () => ({ name: "prompt_evaluations" }),
  },
  {
    name: "pipeline_store_results",
    arguments: () => ({ results_table: "prompt_evaluations", results: [] }),
  },
  {
    name: "pipeline_create_run",
    arguments: () => ({
      run: { source: { type: "prompts", prompts: ["a"] }, endpoint: "open" },
    }),
  },
  { name: "pipeline_read_secret", arguments: () => ({ name: "project_url" }) },
  {
    name: "pipeline_set_secret",
    arguments: () => ({ name: "mine", value: "hush" }),
  },
  { name: "pipeline_webhook_secret", arguments: () => ({}) },
  { name: "pipeline_my_webhook_secret", user: {}, arguments: () => ({}) },
  { name: "pipeline_takes_anonymous", arguments: () => ({}) },
  { name: "resend_pipeline_webhook", arguments: () => ({ event_id: 0 }) },
  {
    name: "pipeline_ensure_endpoint",
    arguments: () => ({
      url: "https://model.test/v1",
      format: "openai-chat",
      model: "m",
      headers: {},
      timeout_seconds: 1,
    }),
  },
  { name: "pipeline_inspect_project", arguments: () => ({}) },
  { name: "check_pipeline_invariants", arguments: () => ({}) },
  { name: "maintain_pipeline", arguments: () => ({}) },
  { name: "purge_pipeline_runs", arguments: () => ({ older_than: "30 days" }) },
  { name: "delete_pipeline_run", arguments: ofRun },
  {
    name: "delete_experiment",
    arguments: () => ({ experiment_name: "of ada" }),
  },
  {
    name: "rename_experiment",
    arguments: () => ({ experiment_name: "of ada", new_name: "mine" }),
  },
  { name: "remove_model_endpoint", arguments: () => ({ name: "none" }) },
  { name: "pipeline_measure_run", arguments: (run_id) => ({ run_id }) },
  {
    name: "pipeline_estimate_cost",
    arguments: () => ({ endpoint: "open", prompts: 1, input_tokens: 1 }),
  },
  {
    name: "pipeline_read_evaluations",
    arguments: () => ({ results_table: "prompt_evaluations", ids: [1] }),
  },
  { name: "pipeline_version", arguments: () => ({}) },
  {
    name: "pipeline_offer_project_url",
    arguments: () => ({ url: "https://offered.test" }),
  },
  {
    name: "register_evaluation_function",
    arguments: () => ({ function: "public.pipeline_version" }),
  },
  {
    name: "pipeline_call_evaluation_function",
    arguments: () => ({ name: "public.none", rows: [] }),
  },
  {
    name: "pipeline_read_scores",
    arguments: (run_id) => ({
      results_table: "prompt_evaluations",
      run_id,
      experiment: null,
    }),
  },
  {
    name: "pipeline_read_answers",
    arguments: (run_id) => ({ run_id }),
  },
  {
    name: "pipeline_find_response",
    arguments: () => ({
      results_table: "prompt_evaluations",
      experiment: "of ada",
      prompt_key: "p",
    }),
  },
  {
    name: "pipeline_enqueue_tasks",
    arguments: (run_id) => ({ run_id, stage: "execute", tasks: [] }),
  },
  {
    name: "pipeline_start_worker",
    arguments: () => ({ worker_id: NOBODY, token: "guessed" }),
  },
  { name: "pipeline_take_wake", arguments: () => ({ run_id: 0 }) },
  { name: "pipeline_claim_tasks", arguments: ofWorker },
  { name: "pipeline_extend_leases", arguments: ofWorker },
  { name: "pipeline_release_tasks", arguments: ofWorker },
  { name: "pipeline_hand_over", arguments: ofWorker },
  { name: "pipeline_end_worker", arguments: ofWorker },
  {
    name: "pipeline_finish_tasks",
    arguments: () => ({ worker_id: NOBODY, results: [] }),
  },
  {
    name: "pipeline_checkpoint_task",
    arguments: () => ({
      worker_id: NOBODY,
      task_id: 1,
      lease_token: NOBODY,
      payload: {},
    }),
  },
  {
    name: "pipeline_continue_list",
    arguments: () => ({ worker_id: NOBODY, task_id: 1, lease_token: NOBODY }),
  },
  {
    name: "pipeline_checkpoint_table",
    arguments: () => ({
      worker_id: NOBODY,
      task_id: 1,
      lease_token: NOBODY,
      payload: {},
    }),
  },
  {
    name: "pipeline_read_table",
    arguments: () => ({ source: { type: "table", table: "nothing" } }),
  },
  {
    name: "prompt_sources",
    arguments: () => ({ most_prompts: 1 }),
  },
  {
    name: "describe_prompt_source",
    arguments: () => ({ source: { type: "table", table: "nothing" } }),
  },
  {
    name: "register_prompt_source",
    arguments: () => ({
      source: { type: "table", table: "nothing" },
      owner_column: "user_id",
    }),
  },
  {
    name: "unregister_prompt_source",
    arguments: () => ({ name: "nothing" }),
  },
  {
    name: "forget_prompt_source",
    arguments: () => ({ source: { type: "table", table: "nothing" } }),
  },
  {
    name: "pipeline_find_cached_call",
    arguments: () => ({ worker_id: NOBODY, request: {} }),
  },
];

/** The first that there is. */
function ofSweepOfAda() {
  return { sweep_id: 1 };
}

/** The first that there is. */
function ofWatchOfAda() {
  return { watch_id: 1 };
}

function ofRun(run_id: number) {
  return { run_id };
}

/** It is ada's. */
function ofFirstEvaluation() {
  return { results_table: "prompt_evaluations", id: 1 };
}

/** Hers, too. */
function ofFirstQueue() {
  return { queue_id: 1 };
}

function ofFirstItem() {
  return { item_id: 1 };
}

function ofWorker() {
  return { worker_id: NOBODY };
}

const archiveOf = (userId: string) => ({
  dataSource: { type: "supabase", bucket: "archives", prefix: `${userId}/` },
});

export const OPERATIONS: OperationAccess[] = [
  {
    name: "extract-prompts",
    method: "POST",
    anonymous: "refused",
    user: { reach: "own", others: 403 },
    service: "all",
    body: ({ userId }) => archiveOf(userId),
  },
  {
    name: "execute-batch",
    method: "POST",
    anonymous: "refused",
    user: { reach: "own", others: 404 },
    service: "all",
    // It is a run that is waited for, and no wake arrives.
    status: 202,
    body: ({ endpoint }) => ({ prompts: ["hello"], endpoint }),
  },
  {
    name: "store-results",
    method: "POST",
    anonymous: "refused",
    user: { reach: "all" },
    service: "all",
    body: () => ({
      responses: [{ prompt: "a", response: "b", success: true }],
    }),
  },
  {
    name: "run-pipeline",
    method: "POST",
    anonymous: "refused",
    user: { reach: "own", others: 400 },
    service: "all",
    body: ({ runId }) => ({
      dataSource: { type: "run", runId },
      endpoint: "open",
    }),
  },
  {
    name: "run-sweep",
    method: "POST",
    anonymous: "refused",
    user: { reach: "own", others: 400 },
    service: "all",
    body: ({ runId, userId, endpoint }) => ({
      // Each caller's own, and the secret key's beside that of a user.
      name: `swept ${userId} ${crypto.randomUUID()}`,
      dataSource: { type: "run", runId },
      variants: [{ endpoint }],
    }),
  },
  {
    name: "save-prompt-set",
    method: "POST",
    anonymous: "refused",
    user: { reach: "own", others: 400 },
    service: "all",
    body: ({ runId }) => ({ name: "asked", runId }),
  },
  {
    name: "evaluate-results",
    method: "POST",
    anonymous: "refused",
    user: { reach: "own", others: 404 },
    service: "all",
    body: ({ runId }) => ({ runId, evaluators: ["refusal"], wait: false }),
  },
  {
    name: "prompt-pipeline",
    method: "POST",
    anonymous: "refused",
    user: { reach: "own", others: 403 },
    service: "all",
    body: ({ userId }) => ({
      operation: "extract_prompts",
      ...archiveOf(userId),
    }),
  },
  {
    name: "prompt-pipeline",
    method: "GET",
    anonymous: "all",
    user: { reach: "all" },
    service: "all",
  },
  // What kind of worker it is.
  ...["pipeline-worker", "pipeline-evaluator"].map((name) => ({
    name,
    method: "GET" as const,
    anonymous: "refused" as const,
    user: { reach: "refused" as const },
    service: "all" as const,
  })),
  // Keys open nothing: they want the one-time token of a wake.
  ...["pipeline-worker", "pipeline-evaluator"].map((name) => ({
    name,
    method: "POST" as const,
    anonymous: "refused" as const,
    user: { reach: "refused" as const },
    service: "refused" as const,
    body: () => ({ workerId: NOBODY, token: "guessed" }),
  })),
];
