import type { Names } from "./names.ts";

/** `drop routine if exists …` and the like, nothing where there is nothing to drop. */
export function drop(kind: string, names: string[]): string {
  return names.length === 0
    ? ""
    : `drop ${kind} if exists\n  ${names.join(",\n  ")};\n`;
}

/** Policies and triggers are dropped one by one. */
export function dropEach(kind: string, names: string[]): string {
  return names.map((name) => `drop ${kind} if exists ${name};\n`).join("");
}

/** Jobs of pg_cron, which complains of one that is not there. */
export function unschedule(jobs: string[]): string {
  return jobs.length === 0 ? "" : `do $$
begin
  perform cron.unschedule(job.jobname)
  from cron.job
  where job.username = current_user and job.jobname in (${
    jobs.map((name) => `'${name}'`).join(", ")
  });
end;
$$;
`;
}

/** Functions that take or return a row of one of these. */
export function functionsWith(
  names: Pick<Names, "functions">,
  relations: string[],
): string[] {
  const rows = new Set(relations);
  return Object.entries(names.functions).filter(([signature, called]) => {
    const [, types] = /\((.*)\)$/s.exec(signature)!;
    const mentioned = `${types} ${called}`.match(/\b(public|pipeline)\.\w+/g);
    return mentioned?.some((name) => rows.has(name));
  }).map(([signature]) => signature);
}
