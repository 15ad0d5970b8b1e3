import type { Terminal } from "../pipeline/command.ts";
import { doctor } from "../pipeline/commands/doctor.ts";
import type { ProjectCheck } from "../pipeline/check_project.ts";
import { createProjectClient } from "../project/create_client.ts";
import {
  asExpected,
  type HostedProject,
  notTried,
  otherwise,
  type Outcome,
} from "./hosted_project.ts";

/** Looks at the project as `deno task pipeline doctor` does, and after a run again. */
export async function checkDoctor(project: HostedProject): Promise<Outcome> {
  const before = await findAmiss(project);
  if (before.length > 0) return otherwise(before.join("; "));
  if (!project.endpoint) {
    return notTried(
      "all is well; give --endpoint NAME to try it after a run of three prompts too",
    );
  }
  const client = createProjectClient(project, project.fetch);
  const { data: run, error } = await client.from("pipeline_runs").insert({
    experiment_name: "hosted check",
    endpoint: project.endpoint,
    source: {
      type: "prompts",
      prompts: ["Say one.", "Say two.", "Say three."],
    },
  }).select("id").single();
  if (error) return otherwise(`a run was refused: ${error.message}`);
  try {
    const status = await untilOver(project, client, run.id);
    const after = await findAmiss(project);
    const words = [`the run is ${status}`, ...after].join("; ");
    return status === "completed" && after.length === 0
      ? asExpected(words)
      : otherwise(words);
  } finally {
    await client.from("prompt_evaluations").delete().eq("run_id", run.id);
    await client.from("pipeline_runs").delete().eq("id", run.id);
  }
}

async function untilOver(
  { clock }: HostedProject,
  client: ReturnType<typeof createProjectClient>,
  id: number,
): Promise<string> {
  let status = "queued";
  for (let tries = 0; tries < 60; tries++) {
    const { data } = await client.from("pipeline_runs").select("status")
      .eq("id", id).single();
    status = data?.status ?? status;
    if (/completed|failed|cancelled|paused/.test(status)) break;
    await clock.wait(2_000, new AbortController().signal);
  }
  return status;
}

async function findAmiss(project: HostedProject): Promise<string[]> {
  const lines: string[] = [];
  await doctor.run(["--json"], {
    environment: {
      SUPABASE_URL: project.url,
      SUPABASE_SECRET_KEY: project.secretKey,
    },
    fetch: project.fetch,
    print: (line: string) => lines.push(line),
  } as unknown as Terminal);
  const checks: ProjectCheck[] = JSON.parse(lines.join("\n"));
  return checks.filter(({ isWell }) => !isWell)
    .map(({ name, found }) => `${name}: ${found}`);
}
