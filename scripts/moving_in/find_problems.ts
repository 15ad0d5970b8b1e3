import { parse } from "@decimalturn/toml-patch";
import { followCreatedNames } from "./created_names.ts";
import { type CustomerProject, versionThere } from "./customer_project.ts";
import type { DatabaseFacts } from "./inspect_database.ts";
import { findTheirFunctions } from "./own_functions.ts";
import type { MovingInParts } from "./parts.ts";
import type { TakenNames } from "../release/taken_names.ts";
import { KINDS, WORDS } from "./kinds_of_names.ts";

/** What keeps the pipeline out of a project, each with the way out; all of it is told at once. */
export interface Findings {
  problems: string[];
  /** What could not be looked at, or is worth knowing. */
  remarks: string[];
}

const OLDEST_POSTGRES = 15;
const PROJECT_URL = "pipeline_project_url";

const VERSION_FUNCTION = "public.pipeline_version";

/** Looks at a folder before anything is written into it. */
export async function inspectFolder(
  project: CustomerProject,
  { functions, takenNames: names }: Pick<
    MovingInParts,
    "functions" | "takenNames"
  >,
  { allFunctions, facts }: { allFunctions: boolean; facts?: DatabaseFacts },
): Promise<Findings> {
  const problems: string[] = [];
  const remarks: string[] = [];
  let config: {
    db?: {
      major_version?: number;
      migrations?: { schema_paths?: string[] };
    };
    edge_runtime?: { enabled?: boolean };
    inbucket?: unknown;
  } = {};
  try {
    config = parse(project.config) as typeof config;
  } catch (error) {
    const problem = `supabase/config.toml is no TOML: ${
      (error as Error).message
    }`;
    return { problems: [problem], remarks };
  }
  problems.push(...await findTheirFunctions(project, functions, allFunctions));
  const major = config.db?.major_version;
  if (major !== undefined && major < OLDEST_POSTGRES) {
    problems.push(
      `supabase/config.toml says PostgreSQL ${major} (db.major_version): the pipeline needs ${OLDEST_POSTGRES} or newer`,
    );
  }
  if (config.edge_runtime?.enabled === false) {
    remarks.push(
      "supabase/config.toml switches Edge Functions off (edge_runtime.enabled): without them nothing runs on this machine",
    );
  }
  if (config.inbucket) {
    remarks.push(
      "supabase/config.toml has [inbucket], which the Supabase CLI 3 refuses: rename it to [local_smtp] before you push, or push with your own CLI",
    );
  }
  if ((config.db?.migrations?.schema_paths ?? []).length > 0) {
    remarks.push(
      "supabase/config.toml lists declarative schemas (db.migrations.schema_paths): `supabase db diff` will propose to drop what the pipeline has, since it is in none of them. Leave those statements out",
    );
  }
  // What is there of ours is ours.
  if (typeof versionThere(project, facts) !== "string") {
    const found = await findTakenNames(project, names);
    problems.push(...found.problems);
    remarks.push(...found.remarks);
  }
  for (const { file, mark } of project.migrations) {
    if (mark?.isEdited) {
      remarks.push(
        `supabase/migrations/${file} was edited after it was written: it stays as it is, and what it makes is not known`,
      );
    }
  }
  return { problems, remarks };
}

async function findTakenNames(
  { migrations }: CustomerProject,
  names: TakenNames,
): Promise<Findings> {
  // A removal may keep tables.
  const followed = await followCreatedNames(
    migrations.filter(({ mark }) => !mark || mark.kind === "remove"),
  );
  const remarks = followed.unread.map((file) =>
    `supabase/migrations/${file} cannot be read as SQL: the names in it were not looked at`
  );
  const pulled = followed.names.functions.get(VERSION_FUNCTION);
  if (pulled !== undefined) {
    return {
      problems: [
        `supabase/migrations/${pulled} has the pipeline, squashed or pulled, without its version: name the database, which knows it, with --remote`,
      ],
      remarks,
    };
  }
  const problems = KINDS.flatMap((kind) =>
    names[kind].flatMap((name) => {
      const file = followed.names[kind].get(name);
      return file === undefined ? [] : [
        `the ${
          WORDS[kind]
        } ${name} is yours (supabase/migrations/${file}): rename it, the pipeline makes one of that name`,
      ];
    })
  );
  return { problems, remarks };
}

/** Looks at a database before anything is to be put into it. */
export function judgeDatabase(
  facts: DatabaseFacts,
  project: Pick<CustomerProject, "migrations"> | undefined,
): Findings {
  const problems: string[] = [];
  const remarks: string[] = [];
  const major = Math.floor(facts.serverVersion / 10_000);
  if (major < OLDEST_POSTGRES) {
    problems.push(
      `the database is PostgreSQL ${major}: the pipeline needs ${OLDEST_POSTGRES} or newer`,
    );
  }
  for (const name of facts.missingExtensions) {
    problems.push(
      `the server does not have the extension ${name}, which every Supabase has: wakes, the schedule and secrets need it`,
    );
  }
  if (!facts.hasExtensionsSchema) {
    problems.push(
      "there is no schema extensions, where pg_net belongs: create schema extensions;",
    );
  }
  if (!facts.mayCreateInPublic) {
    problems.push(
      `the role ${facts.role} may not create tables in public: grant create on schema public to ${facts.role};`,
    );
  }
  if (!facts.mayCreateSchemas) {
    problems.push(
      `the role ${facts.role} may not create schemas: grant create on the database to ${facts.role}`,
    );
  }
  if (!facts.hasPipeline) {
    for (const kind of KINDS) {
      for (const name of facts.taken[kind] ?? []) {
        problems.push(
          `the database has the ${
            WORDS[kind]
          } ${name}: rename it, the pipeline makes one of that name`,
        );
      }
    }
    // This one is set for the pipeline, before it comes.
    for (const name of facts.secrets.filter((name) => name !== PROJECT_URL)) {
      remarks.push(
        `Vault has the secret ${name}: the pipeline reads secrets whose names begin so, and its removal takes them along. Rename it if it is yours`,
      );
    }
  } else if (facts.version === null) {
    problems.push(
      "the database has a pipeline from before version 1.0.0, which cannot be upgraded: export what is to stay (deno task pipeline export), then drop schema pipeline cascade and what it has in public",
    );
  }
  const known = new Set(project?.migrations.map(({ version }) => version));
  const foreign = project
    ? facts.migrations.filter((version) => !known.has(version))
    : [];
  if (foreign.length > 0) {
    problems.push(
      `the database has ${foreign.length} migration${
        foreign.length > 1 ? "s" : ""
      } that the folder has not (${foreign.slice(0, 3).join(", ")}${
        foreign.length > 3 ? ", …" : ""
      }): \`supabase db push\` would refuse. Fetch them first: npx supabase migration fetch`,
    );
  }
  return { problems, remarks };
}
