import { join } from "node:path";
import { PipelineError } from "../../supabase/functions/_shared/errors.ts";
import { withFunctionLines, withoutFunctionLines } from "./config_lines.ts";
import { type CustomerProject, versionThere } from "./customer_project.ts";
import { changeGenerated, type FileChange, listFiles } from "./file_changes.ts";
import type { DatabaseFacts } from "./inspect_database.ts";
import { markFile } from "./marked_file.ts";
import { nextStamp } from "./next_stamp.ts";
import { linesOf, ownFunctions } from "./own_functions.ts";
import type { FunctionFolder, MovingInParts } from "./parts.ts";

/** What is to be done to a project. */
export interface Plan {
  /** The version that is there. */
  from?: string;
  changes: FileChange[];
}

/** A project, and what goes into it. */
export interface Situation {
  project: CustomerProject;
  parts: MovingInParts;
  /** What the database says, when it was asked. */
  facts?: DatabaseFacts;
  now: Date;
}

/**
 * Plans what brings a project to this version: one migration from the version that its folder comes to,
 * or else its database, none where it is there already; the functions; the lines in config.toml.
 *
 * @throws {PipelineError} no migration leads from that version to this one
 */
export async function planAddition(
  { project, parts, facts, now }: Situation,
  { allFunctions, isWithMigration = true }: {
    allFunctions: boolean;
    isWithMigration?: boolean;
  },
): Promise<Plan> {
  const from = versionThere(project, facts) ?? undefined;
  const sql = isWithMigration ? scriptFrom(parts, from) : undefined;
  const changes = [
    sql === undefined ? undefined : newMigration(
      { project, parts, facts, now },
      from === undefined
        ? { kind: "install", name: parts.version, sql }
        : { kind: "upgrade", name: `${from}_to_${parts.version}`, sql },
    ),
    ...await changeFunctions(project.folder, parts.functions, true),
    changeConfig(
      project,
      withFunctionLines(
        project.config,
        linesOf(parts.functions, project.config, allFunctions),
      ),
    ),
  ];
  return { from, changes: changes.filter((change) => change !== undefined) };
}

/**
 * Plans what takes the pipeline out of a project.
 *
 * @throws {PipelineError} there is none, or one of another version, or it was planned before
 */
export async function planRemoval(
  { project, parts, facts, now }: Situation,
  { withData, isWithMigration = true }: {
    withData: boolean;
    isWithMigration?: boolean;
  },
): Promise<Plan> {
  const there = versionThere(project, facts);
  if (there === null && isWithMigration) {
    throw new PipelineError(
      "conflict",
      "Cannot remove the pipeline: supabase/migrations takes it out already. Push it",
    );
  }
  const from = there ?? (isWithMigration ? undefined : parts.version);
  if (from === undefined) {
    throw new PipelineError(
      "conflict",
      "Cannot remove the pipeline: no migration in supabase/migrations is its own. Name the database with --remote where it was installed by hand",
    );
  }
  if (from !== parts.version) {
    throw new PipelineError(
      "conflict",
      `Cannot remove version ${from}: this is ${parts.version}. Upgrade first: deno task pipeline add`,
    );
  }
  const changes = [
    isWithMigration
      ? newMigration({ project, parts, facts, now }, {
        kind: "remove",
        name: "remove",
        sql: withData ? parts.removal.withData : parts.removal.keepingData,
      })
      : undefined,
    ...await changeFunctions(project.folder, parts.functions, false),
    changeConfig(
      project,
      withoutFunctionLines(
        project.config,
        ownFunctions(parts.functions, project.config),
      ),
    ),
  ];
  return { from, changes: changes.filter((change) => change !== undefined) };
}

/**
 * The SQL that leads from a version to this one; undefined: it is this one.
 *
 * @throws {PipelineError} there is none
 */
export function scriptFrom(
  { version, install, upgrades }: MovingInParts,
  from: string | undefined,
): string | undefined {
  if (from === undefined) return install;
  if (from === version) return undefined;
  if (from in upgrades) return upgrades[from];
  const known = Object.keys(upgrades);
  throw new PipelineError(
    "conflict",
    `Cannot upgrade from version ${from} to ${version}: ${
      known.length > 0
        ? `it takes ${known.join(", ")}`
        : "nothing was released before it"
    }. Take the newest prompt-pipeline`,
  );
}

function newMigration(
  { project, parts, facts, now }: Situation,
  { kind, name, sql }: { kind: string; name: string; sql: string },
): FileChange {
  const stamp = nextStamp([
    ...project.migrations.map(({ version }) => version),
    ...facts?.migrations ?? [],
  ], now);
  const file = `${stamp}_prompt_pipeline_${name.replaceAll(/[^\w]/g, "_")}.sql`;
  return {
    path: join("migrations", file),
    after: markFile(file, { version: parts.version, kind, text: sql }),
  };
}

/** What is ours in their folders comes to what it should be, or goes. */
async function changeFunctions(
  folder: string,
  functions: FunctionFolder[],
  isWanted: boolean,
): Promise<(FileChange | undefined)[]> {
  const changes: (FileChange | undefined)[] = [];
  for (const { name, files } of functions) {
    const own = join("functions", name);
    for (const [file, text] of Object.entries(files)) {
      changes.push(
        await changeGenerated(folder, join(own, file), {
          after: isWanted ? text : undefined,
          generated: text,
        }),
      );
    }
    // Of an older version, which had other files.
    for (const file of await listFiles(join(folder, own))) {
      if (file in files) continue;
      const change = await changeGenerated(folder, join(own, file), {});
      if (change && !change.keptAs) changes.push(change);
    }
  }
  return changes;
}

function changeConfig(
  { config }: CustomerProject,
  after: string,
): FileChange | undefined {
  return after === config
    ? undefined
    : { path: "config.toml", before: config, after };
}
