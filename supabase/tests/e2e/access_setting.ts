import type { Project } from "./project.ts";

/** What was answered to a request. */
export interface Answer {
  status: number;
  // deno-lint-ignore no-explicit-any -- rows or an error, as the test expects
  body: any;
}

/** Somebody who asks, and what is theirs. */
export interface Person {
  name: string;
  headers: Record<string, string>;
  userId: string;
  runId: number;
}

/** A project in which everything exists three times, and those who ask for it. */
export interface Setting {
  project: Project;
  anonymous: Person;
  ada: Person;
  bob: Person;
  service: Person;
}

const ADA = "6f2f9d0e-7a3c-4a53-9f3b-0d1f0c5f6a11";
const BOB = "0b1f9d0e-7a3c-4a53-9f3b-0d1f0c5f6a22";

/** One row of everything for ada, for bob and for nobody. */
export async function arrange(project: Project): Promise<Setting> {
  const { sql } = project;
  // Maintenance wakes workers, which views show: while a right is tried nothing else may change.
  await sql`update cron.job set active = false where jobname = 'prompt-pipeline maintenance'`;
  await sql`insert into model_endpoints ${
    sql(["open", "closed"].map((name) => ({
      name,
      url: `${project.model.url}/v1/chat/completions`,
      open_to_users: name === "open",
    })))
  }`;
  await sql`
    insert into pipeline_webhook_hosts (host, open_to_users) values ('open', true), ('closed', false)
  `;
  // Else the project's own runs have none, and nobody sees how much of it is used.
  await sql`insert into pipeline.quotas (applies_to, max_open_runs) values ('project', 100)`;
  await sql`select create_evaluations_table('more_answers')`;
  const runs: number[] = [];
  for (const [name, owner] of [["ada", ADA], ["bob", BOB], ["nobody", null]]) {
    const [{ id }] = await sql`
      insert into pipeline_runs (experiment_name, source, endpoint, owner)
      values (
        ${`of ${name}`}, ${
      sql.json({ type: "prompts", prompts: [`asked by ${name}`] })
    }, 'open', ${owner}
      ) returning id
    `;
    // Finished, so that it can be the source of another.
    await sql`select cancel_pipeline_run(${id})`;
    await sql`
      insert into pipeline_runs (experiment_name, source, endpoint, owner, started_at)
      values (
        ${`steered by ${name}`}, '{"type": "prompts", "prompts": ["x"]}', 'open', ${owner}, now()
      )
    `;
    for (const set of [`of ${name}`, `deleted by ${name}`]) {
      await sql`select save_prompt_set(${set}, ${
        sql.json([`asked by ${name}`])
      }, owner => ${owner})`;
    }
    await sql`
      insert into pipeline_sweeps (name, source, variants, endpoint, owner)
      values (
        ${`swept by ${name}`}, ${
      sql.json({ type: "set", name: `of ${name}` })
    }, '[{"name": "a"}]', 'open', ${owner}
      )
    `;
    for (
      const [table, experiment] of [
        ["prompt_evaluations", `of ${name}`],
        ["more_answers", `also of ${name}`],
      ]
    ) {
      const [{ id: evaluation }] = await sql`
        insert into ${
        sql(table)
      } (run_id, prompt_key, prompt, success, response, experiment_name, owner)
        values (${id}, 'p', 'a', true, 'b', ${experiment}, ${owner}) returning id
      `;
      await sql`
        insert into evaluation_scores (results_table, evaluation_id, evaluator, score, owner)
        values (${table}, ${evaluation}, 'e', 1, ${owner})
      `;
      await sql`
        insert into evaluation_votes (
          task_id, run_id, results_table, evaluation_id, evaluator, vote, score, created_at, owner
        ) values (
          (select count(*) from evaluation_votes), ${id}, ${table}, ${evaluation}, 'e', 1, 1, now(), ${owner}
        )
      `;
      await sql`
        insert into evaluation_labels (results_table, evaluation_id, person, passed, corrected_response, owner)
        values (${table}, ${evaluation}, ${
        owner ?? ""
      }, true, 'better', ${owner})
      `;
    }
    await sql`
      select create_evaluation_label_queue(${`of ${name}`}, ${`of ${name}`}, owner => ${owner})
    `;
    await sql`
      insert into experiment_baselines (owner, name, experiment_name)
      values (${owner}, 'approved', ${`of ${name}`})
    `;
    await sql`
      insert into pipeline.task_errors (run_id, stage, class, code, message, final)
      values (${id}, 'execute', 'permanent', 'no', 'no', true)
    `;
    await sql`
      insert into pipeline_webhook_deliveries (
        run_id, event_id, webhook_id, type, url, attempt, delivered, created_at
      ) values (${id}, 1, 'evt', 'pipeline.run.completed', 'https://hook.test', 1, true, now())
    `;
    if (owner) await project.upload(`${owner}/a.jsonl`, archive);
    runs.push(Number(id));
  }
  // Their wakes go nowhere, and what is shown of them would change with the clock.
  await sql`update pipeline.workers set ended_at = now(), slots = 0, wanted = 0`;
  const person = async (name: string, userId: string, runId: number) => ({
    name,
    userId,
    runId,
    headers: {
      apikey: project.publishableKey,
      authorization: `Bearer ${await project.createUserToken(userId)}`,
    },
  });
  return {
    project,
    anonymous: {
      name: "anonymous",
      headers: { apikey: project.publishableKey },
      userId: ADA,
      runId: runs[0],
    },
    ada: await person("ada", ADA, runs[0]),
    bob: await person("bob", BOB, runs[1]),
    service: {
      name: "service",
      headers: { apikey: project.secretKey },
      userId: ADA,
      runId: runs[0],
    },
  };
}

const archive = JSON.stringify({ messages: [{ role: "user", content: "Hi" }] });

/** Sends a request to the project as somebody. */
export async function ask(
  project: Project,
  { headers }: Pick<Person, "headers">,
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  const response = await fetch(project.url + path, {
    method,
    headers: {
      ...headers,
      "content-type": "application/json",
      prefer: "return=minimal",
    },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === "" ? null : JSON.parse(text),
  };
}

/** The beginning of an answer, for messages. */
export function text(body: unknown): string {
  return JSON.stringify(body)?.slice(0, 300);
}
