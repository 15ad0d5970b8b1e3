-- Why: the answers are the product. They outlive runs and tasks, so nothing here references those.

create sequence pipeline.evaluations_id_seq;
grant usage on sequence pipeline.evaluations_id_seq to service_role;

create table pipeline.evaluations (
  id bigint not null default nextval('pipeline.evaluations_id_seq'),
  run_id bigint,
  task_id bigint,
  prompt_id bigint,
  prompt_key text not null default gen_random_uuid()::text,
  repetition smallint not null default 1,
  prompt text not null,
  response text,
  tool_calls jsonb,
  model text,
  success boolean not null,
  error text,
  timestamp timestamptz not null default now(),
  duration_ms integer,
  tokens_used integer,
  metadata jsonb not null default '{}',
  experiment_name text,
  tags text[] not null default '{}',
  input_tokens integer,
  cached_input_tokens integer,
  cache_write_tokens integer,
  output_tokens integer,
  reasoning_tokens integer,
  cost numeric,
  finish_reason text,
  attempts integer,
  reference text,
  passages jsonb,
  source jsonb,
  owner uuid default pipeline.current_user_id(),
  constraint evaluations_failures_say_why check (success or error is not null),
  constraint evaluations_successes_have_a_response check (not success or response is not null),
  constraint evaluations_passages_are_a_list check (jsonb_typeof(passages) = 'array'),
  constraint evaluations_repetition_is_positive check (repetition > 0),
  constraint evaluations_cost_is_a_price check (cost between 0 and 1e6),
  constraint evaluations_names_are_plain check (
    -- Asked for names only: most rows have none, and this is asked for each.
    case
      when experiment_name is null and tags = '{}' then true
      else pipeline.is_plain(concat_ws(' ', experiment_name, array_to_string(tags, ' ')))
    end
  ),
  constraint evaluations_names_are_short check (
    char_length(experiment_name) <= 200
    and char_length(array_to_string(tags, '')) <= 4000 and cardinality(tags) <= 100
  )
);
comment on table pipeline.evaluations is
  'Every evaluation of every results table: those tables inherit from it, and it has no rows of its own. tableoid tells the table.';

create function pipeline.key_is_no_hash()
returns text
language sql
immutable
set search_path = ''
as $$
  select $condition$prompt_key !~ '^[0-9a-f]{32}$'$condition$;
$$;
comment on function pipeline.key_is_no_hash() is
  'SQL that holds for a key that a source gave, or that was made for a response stored without one: its indexes and their queries have to say the same.';

create function pipeline.make_results_table(name text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- Nothing of its own but rules and indexes: tools that compare databases know inherited columns,
  -- but not those that are both inherited and a table's own.
  -- Pages go by prompt_key and id. Most keys are hashes, so that the first of them are a fair sample;
  -- those that a source gave are ranked by a hash of theirs.
  execute format(
    'create table public.%1$I (
       constraint %2$I primary key (id),
       constraint %3$I unique (run_id, task_id)
     ) inherits (pipeline.evaluations);
     create unique index %4$I on public.%1$I (run_id, prompt_key, repetition) where task_id is null;
     create index %5$I on public.%1$I (run_id, prompt_key, id);
     create index %6$I on public.%1$I (experiment_name, owner, prompt_key, id);
     create index %8$I on public.%1$I (run_id, md5(prompt_key)) where %10$s;
     create index %9$I on public.%1$I (experiment_name, owner, md5(prompt_key)) where %10$s;
     create index %7$I on public.%1$I (owner) where owner is not null;
     alter table public.%1$I enable row level security',
    make_results_table.name, name || '_pkey', name || '_task_is_stored_once',
    name || '_repetition_idx', name || '_run_idx', name || '_experiment_idx', name || '_owner_idx',
    name || '_rank_run_idx', name || '_rank_experiment_idx', pipeline.key_is_no_hash()
  );
  insert into pipeline.results_tables (name) values (make_results_table.name)
  -- Somebody may have dropped a table of this name that was ours.
  on conflict on constraint results_tables_pkey do update set is_foreign = false;
end;
$$;
comment on function pipeline.make_results_table(text) is
  'Makes a results table: it inherits the columns of pipeline.evaluations, and has its own indexes. open_results_table() lets people read it.';

create function pipeline.open_results_table(name text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  execute format(
    'revoke all on public.%1$I from anon, authenticated, service_role;
     grant select, insert, update, delete on public.%1$I to service_role;
     grant select on public.%1$I to authenticated;
     drop policy if exists "owners read their evaluations" on public.%1$I;
     create policy "owners read their evaluations" on public.%1$I for select to authenticated
       using (owner = (select pipeline.current_user_id()) or (select pipeline.has_right(''read'')));
     comment on table public.%1$I is %2$L',
    open_results_table.name,
    'One row per task of a run: what was asked, what the model answered or why it did not. Kept until deleted.'
  );
end;
$$;
comment on function pipeline.open_results_table(text) is
  'Gives a results table its grants, its policy and its comment. Calling it again makes them anew.';

select pipeline.make_results_table('prompt_evaluations');
comment on column public.prompt_evaluations.run_id is
  'The run that stored it; null for responses stored from outside. No foreign key: evaluations outlive runs.';
comment on column public.prompt_evaluations.task_id is
  'The task that brought it; null for rows stored by pipeline_store_results().';
comment on column public.prompt_evaluations.prompt_id is
  'The prompt that it answers, in pipeline.prompts; null for rows stored from outside.';
comment on column public.prompt_evaluations.prompt_key is
  'What was asked: the same prompt has the same key in every run, whatever file it came from. Comparisons pair by it.';
comment on column public.prompt_evaluations.repetition is
  'Which of several answers of its run to the same prompt, from 1.';
comment on column public.prompt_evaluations.tool_calls is
  'What the model asked to call, [{name, arguments}], beside its words; where it said nothing else, response has the same as text. null: nothing.';
comment on column public.prompt_evaluations.duration_ms is
  'From sending the request to the last byte of the answer; waiting is metadata.waitMs.';
comment on column public.prompt_evaluations.tokens_used is 'Input plus output tokens.';
comment on column public.prompt_evaluations.metadata is
  'Of the prompt and of the answer; that of the run is in pipeline_runs.metadata.';
comment on column public.prompt_evaluations.input_tokens is
  'Of the whole prompt, the parts that were read from or written to a cache included.';
comment on column public.prompt_evaluations.cached_input_tokens is
  'Of input_tokens those that the endpoint read from its cache; null: it says nothing of them.';
comment on column public.prompt_evaluations.cache_write_tokens is
  'Of input_tokens those that the endpoint wrote to its cache; null: it says nothing of them.';
comment on column public.prompt_evaluations.output_tokens is
  'Of the whole answer, hidden reasoning included.';
comment on column public.prompt_evaluations.reasoning_tokens is
  'Of output_tokens those of hidden reasoning; null: the endpoint says nothing of them.';
comment on column public.prompt_evaluations.cost is
  'USD; null when the endpoint has no prices or the answer says nothing of tokens.';
comment on column public.prompt_evaluations.finish_reason is
  'Why the model stopped: stop, length, content_filter, tool_calls or other.';
comment on column public.prompt_evaluations.reference is
  'What the assistant in the archive answered to this prompt.';
comment on column public.prompt_evaluations.source is
  'Where the prompt stands: {bucket, path, originalPath, format, conversation, messageId, position, time, model}.';
comment on column public.prompt_evaluations.owner is 'The user whose run stored it.';

create table public.evaluation_scores (
  id bigint generated always as identity primary key,
  results_table text not null default 'prompt_evaluations',
  evaluation_id bigint not null,
  evaluator text not null,
  score double precision,
  passed boolean,
  category text,
  explanation text,
  error text,
  created_at timestamptz not null default now(),
  owner uuid default pipeline.current_user_id(),
  -- The id first, which alone tells nearly all: a planner without statistics would trust in the table's name.
  constraint evaluation_scores_evaluator_scores_once
    unique (evaluation_id, results_table, evaluator),
  constraint evaluation_scores_say_something check (
    score is not null or passed is not null or category is not null or error is not null
  ),
  -- NaN is above all numbers.
  constraint evaluation_scores_are_bounded check (score between -1e6 and 1e6)
);
comment on table public.evaluation_scores is
  'One row per evaluation and evaluator; evaluating again replaces it.';
comment on column public.evaluation_scores.results_table is
  'The table whose row evaluation_id names.';
comment on column public.evaluation_scores.category is
  'A word to count by, such as win or refusal.';
comment on column public.evaluation_scores.score is
  'Between 0 (worst) and 1 (best), unless the evaluator says otherwise.';
comment on column public.evaluation_scores.error is
  'Why this evaluator could not score; the evaluation itself is not affected.';
create index evaluation_scores_owner_idx
  on public.evaluation_scores (owner) where owner is not null;

create table public.evaluation_votes (
  id bigint generated always as identity primary key,
  task_id bigint not null,
  run_id bigint not null,
  results_table text not null,
  evaluation_id bigint not null,
  evaluator text not null,
  vote smallint not null,
  score double precision,
  passed boolean,
  category text,
  explanation text,
  answer text,
  probabilities jsonb,
  error text,
  is_asked_again boolean not null default false,
  created_at timestamptz not null,
  owner uuid,
  constraint evaluation_votes_task_votes_once unique (task_id, evaluator),
  constraint evaluation_votes_are_counted_from_one check (vote > 0),
  constraint evaluation_votes_are_bounded check (score between -1e6 and 1e6)
);
comment on table public.evaluation_votes is
  'One row per answer of a judge; the last of an evaluation and evaluator that comes in makes their score in evaluation_scores. Kept until deleted, as the scores are.';
comment on column public.evaluation_votes.task_id is
  'The task of stage judge that asked, of an API of typed questions for several evaluators at once; tried again, it replaces its votes.';
comment on column public.evaluation_votes.vote is
  'Which of the questions that one evaluator asks of one evaluation: the order of a pair, the judge of a panel.';
comment on column public.evaluation_votes.answer is 'What the judge answered, word for word.';
comment on column public.evaluation_votes.probabilities is
  'How sure the judge is of each answer that it could have given, {answer: from 0 to 1}; null: its API does not say.';
comment on column public.evaluation_votes.error is
  'Why there is no verdict; the votes that are in are kept.';
comment on column public.evaluation_votes.is_asked_again is
  'The answer could not be read, and the question was asked once more: that vote counts, this one does not.';
create index evaluation_votes_evaluation_idx
  on public.evaluation_votes (results_table, evaluation_id, evaluator, run_id);
create index evaluation_votes_owner_idx
  on public.evaluation_votes (owner) where owner is not null;
