import type { Change } from "./break_function.ts";
import { HARM } from "./find_harm.ts";

/** A build that is wrong in one way, on purpose. */
export interface BrokenBuild {
  /** What it does wrong, in words. */
  name: string;
  /** More than one where a second safeguard would hide the first. */
  changes: Change[];
  /** Constraints that would refuse the damage before an invariant could see it. */
  dropConstraints?: { table: string; constraint: string }[];
  /** Invariants that must report it; it may break others too. */
  breaks: string[];
}

const OPEN = "open equals the count of open tasks";
const OUTCOMES = "succeeded and failed equal the counts of prompts";
const EXTRACTED = "extracted equals the count of prompts";
const ONE_EVALUATION = "every finished prompt has one evaluation";
const ENDED_TOO_EARLY = "a run that has ended has no open task";
const NEVER_ENDED = "a run without open tasks has ended";
const LEASES = "leases of dead workers are recovered";
const JUDGE_ERRORS = "judge_errors equals the count of failed questions";
const PROMPTS = "every task has the prompt that it asks";
const TABLE = "the results table of every run is there";
const WAITING = "every task that is kept has its result waiting";
const HELD_UP = "no result waits while its run goes on";
const FUSE = "a run whose workers end with errors pauses";
const CALLS = "no prompt is called more often than its attempts allow";
const RESERVED = "what is reserved is what calls in flight may cost";
const TURNS = "every turn of a watch is counted once";
const TWICE = "no turn of a watch is taken twice";
const WINDOWS = "windows of a watch follow each other";

/** Builds that break each invariant of check_pipeline_invariants(), and each of HARM, at least once. */
export const BROKEN_BUILDS: BrokenBuild[] = [
  {
    name: "`pipeline_finish_tasks()` does not count `open` down",
    changes: [{
      function: "pipeline.count_results",
      from: "open = counted.open - (settled).closed,",
      to: "",
    }],
    breaks: [OPEN, NEVER_ENDED],
  },
  {
    name: "`cancel_pending()` counts one task too few",
    changes: [{
      function: "pipeline.cancel_pending",
      from: "set open = run.open - cancelled",
      to: "set open = run.open - cancelled + 1",
    }],
    breaks: [OPEN],
  },
  {
    name: "`put_back()` of a cancelled run does not count `open` down",
    changes: [{
      function: "pipeline.put_back",
      from: "set open = counted.open - cancelled.tasks",
      to: "set open = counted.open",
    }],
    breaks: [OPEN],
  },
  {
    name: "`pipeline_finish_tasks()` does not count failures",
    changes: [{
      function: "pipeline.count_results",
      from: "when (worker).stage = 'execute' then (settled).failed",
      to: "when (worker).stage = 'execute' then 0",
    }],
    breaks: [OUTCOMES],
  },
  {
    name: "`fail_tasks()` of maintenance does not count failures",
    changes: [{
      function: "pipeline.fail_tasks",
      from: "cardinality(failed.ids), failed.reserved_tokens",
      to: "0, failed.reserved_tokens",
    }],
    breaks: [OUTCOMES],
  },
  {
    name: "`settle_successes()` takes results without the lease: no fencing",
    changes: [
      {
        function: "pipeline.settle_successes",
        from: `and task.lease_token = result."leaseToken"
          and task.worker = (settle_successes.worker).id`,
        to: "",
      },
    ],
    breaks: [OPEN, OUTCOMES],
  },
  {
    name: "`retry_pipeline_run()` keeps counting what failed before",
    changes: [{
      function: "public.retry_pipeline_run",
      from: "else failed - retried.prompts",
      to: "else failed",
    }],
    breaks: [OUTCOMES],
  },
  {
    name: "`pipeline_enqueue_tasks()` does not count prompts",
    changes: [{
      function: "public.pipeline_enqueue_tasks",
      from: "then enqueued else 0 end",
      to: "then 0 else 0 end",
    }],
    breaks: [EXTRACTED],
  },
  {
    name:
      "`pipeline_finish_tasks()` stores no evaluation of a prompt that failed",
    changes: [{
      function: "pipeline.settle_failures",
      from: "array_agg(changed.id) filter (where changed.status = 'failed')",
      to: "null",
    }],
    breaks: [ONE_EVALUATION],
  },
  {
    name:
      "`store_evaluations()` looks for a conflict of `id`, and the table has no other unique key",
    changes: [{
      function: "pipeline.store_in_prompt_evaluations",
      from: "on conflict (run_id, task_id)",
      to: "on conflict (id)",
    }],
    dropConstraints: [{
      table: "public.prompt_evaluations",
      constraint: "prompt_evaluations_task_is_stored_once",
    }],
    breaks: [ONE_EVALUATION],
  },
  {
    name:
      "`pipeline_finish_tasks()` takes a try that will be repeated for the last one",
    changes: [{
      function: "pipeline.settle_failures",
      from: "count(*) filter (where changed.status <> 'pending')",
      to: "count(*)",
    }],
    breaks: [OPEN, ENDED_TOO_EARLY],
  },
  {
    name: "`end_run_if_done()` and the check of transitions ignore `open`",
    changes: [
      {
        function: "pipeline.end_run_if_done",
        from: "and run.open = 0",
        to: "",
      },
      {
        function: "pipeline.check_run_change",
        from: "in ('completed', 'failed') and new.open > 0",
        to: "in ('completed', 'failed') and false",
      },
    ],
    breaks: [ENDED_TOO_EARLY],
  },
  {
    name: "`end_run_if_done()` does not end a run that is running",
    changes: [{
      function: "pipeline.end_run_if_done",
      from: "run.status in ('queued', 'running', 'paused')",
      to: "run.status in ('queued', 'paused')",
    }],
    breaks: [NEVER_ENDED],
  },
  {
    name: "`recover_leases()` of maintenance recovers nothing",
    changes: [{
      function: "pipeline.recover_leases",
      from: "limit recover_leases.most",
      to: "limit 0",
    }],
    breaks: [LEASES],
  },
  {
    name:
      "`pipeline_end_worker()` keeps the tasks, and a lease holds for an hour",
    changes: [
      {
        function: "public.pipeline_end_worker",
        from:
          "perform pipeline.give_back( pipeline_end_worker.worker_id, null, coalesce(called, '{}'), pipeline_end_worker.as_of );",
        to: "",
      },
      {
        function: "pipeline.lease_time",
        from: "interval '20 seconds'",
        to: "interval '1 hour'",
      },
    ],
    breaks: [LEASES],
  },
  {
    name: "`pipeline_finish_tasks()` does not count failed questions",
    changes: [{
      function: "pipeline.count_results",
      from: "when (worker).stage = 'judge' then (settled).failed",
      to: "when (worker).stage = 'judge' then 0",
    }],
    breaks: [JUDGE_ERRORS],
  },
  {
    name: "`retry_pipeline_run()` keeps counting the questions that failed",
    changes: [{
      function: "public.retry_pipeline_run",
      from: "judge_errors = judge_errors - retried.questions",
      to: "judge_errors = judge_errors",
    }],
    breaks: [JUDGE_ERRORS],
  },
  {
    name:
      "`remove_unused_prompts()` looks only for evaluations of a prompt, not for tasks",
    changes: [{
      function: "pipeline.remove_unused_prompts",
      from: "where task.prompt_id = prompt.id",
      to: "where false",
    }],
    breaks: [PROMPTS],
  },
  {
    name: "`check_run()` takes a results table that was dropped",
    changes: [{
      function: "pipeline.check_run",
      from: "perform pipeline.check_results_table(new.results_table);",
      to: "",
    }],
    breaks: [TABLE],
  },
  {
    name:
      "`keep_results()` keeps the tasks of refused results, not the results",
    changes: [{
      function: "pipeline.keep_results",
      from: "join held on held.id = (listed.result ->> 'id')::bigint",
      to: "join held on false",
    }],
    breaks: [WAITING],
  },
  {
    name: "maintenance does not store results that wait",
    changes: [{
      function: "pipeline.maintain_runs",
      from: "changed := changed + pipeline.store_waiting(run, as_of);",
      to: "null;",
    }],
    breaks: [HELD_UP],
  },
  {
    name: "`count_broken_worker()` never pauses the run",
    changes: [{
      function: "pipeline.count_broken_worker",
      from: "when run.broken_workers > 2 then",
      to: "when false then",
    }],
    breaks: [FUSE],
  },
  {
    name:
      "`give_back()` has a call made again however often its result was lost",
    changes: [{
      function: "pipeline.give_back",
      from: "task.attempts >= greatest(run.max_attempts, 3)",
      to: "false",
    }],
    breaks: [CALLS],
  },
  {
    name: "`settle_budgets()` does not give back what was reserved",
    changes: [{
      function: "pipeline.settle_budgets",
      from: "reserved = budget.reserved - settled.reserved,",
      to: "",
    }],
    breaks: [RESERVED],
  },
  {
    name: "`put_back()` does not settle the money of what it puts back",
    changes: [{
      function: "pipeline.put_back",
      from: "where task.id = any (task_ids) and task.budgets is not null",
      to: "where false",
    }],
    breaks: [RESERVED],
  },
  {
    name: "`record_turns()` keeps only the last count of a day",
    changes: [{
      function: "pipeline.record_turns",
      from: "answered = known.answered + excluded.answered",
      to: "answered = excluded.answered",
    }],
    breaks: [TURNS],
  },
  {
    name: "`take_once()` takes what was taken before",
    changes: [{
      function: "pipeline.take_once",
      from:
        "or exists (select from noted where noted.row_id = given.row_id and noted.prompt_key = given.prompt_key)",
      to: "or true",
    }],
    breaks: [TWICE],
  },
  {
    name: "`open_window()` begins each window after the first one",
    changes: [{
      function: "pipeline.open_window",
      from: "order by earlier.number desc",
      to: "order by earlier.number",
    }],
    breaks: [WINDOWS],
  },
  {
    name: "a batch of answers is stored for whichever prompts it has",
    changes: [{
      function: "pipeline.store_in_prompt_evaluations",
      from: "'text' end, result.response,",
      to: "'text' end, max(result.response) over (),",
    }],
    breaks: [HARM.mixed],
  },
  {
    name: "answers are stored without the owner of their run",
    changes: [{
      function: "pipeline.store_in_prompt_evaluations",
      from: "prompt.source, (run).owner",
      to: "prompt.source, null::uuid",
    }],
    breaks: [HARM.mixed],
  },
  {
    name: "`store_scores()` leaves out what an evaluator could not score",
    changes: [{
      function: "pipeline.store_scores",
      from: "where result.id = any (task_ids)",
      to: "where result.id = any (task_ids) and given.error is null",
    }],
    breaks: [HARM.unscored],
  },
  {
    name: "`affordable_calls()` does not look at what is left of the money",
    changes: [{
      function: "pipeline.affordable_calls",
      from: "and ((room).cost is null or priced.cost_so_far <= (room).cost)",
      to: "",
    }],
    breaks: [HARM.overdrawn],
  },
  {
    name: "`slot_share()` shares by run, not by owner first",
    changes: [{
      function: "pipeline.slot_share",
      from: "sharer.owner, sharer.run_id, sharer.run_id = slot_share.run_id",
      to:
        "null::uuid as owner, sharer.run_id, sharer.run_id = slot_share.run_id",
    }],
    breaks: [HARM.starved],
  },
  {
    name: "`enqueue_listed()` takes what a sweep has found so far for all",
    changes: [{
      function: "pipeline.enqueue_listed",
      from: "else pipeline.state_of_list(run.list_id, reached)",
      to: "else 'end'",
    }],
    breaks: [HARM.uneven],
  },
  {
    name: "`settle_failures()` gives a webhook up as soon as a prompt",
    changes: [{
      function: "pipeline.settle_failures",
      from: "coalesce(kind.most_attempts, (run).max_attempts)",
      to: "(run).max_attempts",
    }],
    breaks: [HARM.unannounced],
  },
];
