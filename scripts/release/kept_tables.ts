/** Tables of public that stay, beside results tables, when their rows are to be kept. */
export const KEPT_TABLES = [
  "public.prompt_evaluations",
  "public.evaluation_scores",
  "public.evaluation_votes",
  "public.evaluation_labels",
  "public.evaluation_label_queues",
  "public.prompt_sets",
];

/** What a removal that keeps rows makes: copies of what they refer to. */
export const COPIED_TABLES = [
  "public.pipeline_prompts",
  "public.pipeline_set_prompts",
];
