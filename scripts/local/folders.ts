import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { checkout, supabaseFolder } from "./checkout.ts";

/** Where the embedded Supabase keeps its files on this machine. */
export interface Folders {
  /** Unpacked servers and template databases, shared by all clones. */
  runtime: string;
  /** Databases and objects of `deno task dev` in this clone. */
  data: string;
  /** Databases and objects of temporary stacks: what PIPELINE_TEMPORARY_FOLDER says, when it is set. */
  temporary: string;
  /** The file that says how to reach the stack of this clone that is running. */
  running: string;
}

/** What the choice of folders depends on. */
export interface FolderSituation {
  os: typeof Deno.build.os;
  isRoot: boolean;
  /** Absolute path of this clone. */
  checkout: string;
  /** The environment variables of the process. */
  env: Record<string, string | undefined>;
  systemTemporary: string;
}

/**
 * Chooses the folders. A user keeps the server in the cache of the home folder
 * and the data in `.local/` of the clone. Root keeps everything in
 * /var/lib/prompt-pipeline, because the user that runs PostgreSQL for root can
 * read neither root's home folder nor a clone inside it.
 */
export function chooseFolders(situation: FolderSituation): Folders {
  const { os, isRoot, checkout, env, systemTemporary } = situation;
  const temporary = env.PIPELINE_TEMPORARY_FOLDER;
  if (isRoot) {
    const base = "/var/lib/prompt-pipeline";
    return {
      runtime: join(base, "runtime"),
      data: join(base, "data", nameOf(checkout)),
      temporary: temporary || join(base, "temporary"),
      running: join(base, "data", `${nameOf(checkout)}.env`),
    };
  }
  const cache = os === "windows"
    ? env.LOCALAPPDATA
    : env.XDG_CACHE_HOME || (env.HOME && join(env.HOME, ".cache"));
  const base = join(cache || systemTemporary, "prompt-pipeline");
  return {
    runtime: join(base, "runtime"),
    data: join(checkout, ".local", "supabase"),
    temporary: temporary || join(base, "temporary"),
    running: join(checkout, ".local", "stack.env"),
  };
}

/** The folders for this process and clone. */
export function readFolders(): Folders {
  return chooseFolders({
    os: Deno.build.os,
    isRoot: Deno.uid() === 0,
    checkout,
    env: Deno.env.toObject(),
    systemTemporary: tmpdir(),
  });
}

/** Where the data of a project are: that of this clone, or another one, by its `supabase` folder. */
export function dataFolderOf(project: string): string {
  const { data } = readFolders();
  return project === supabaseFolder
    ? data
    : `${data}-of-${nameOf(dirname(project))}`;
}

/** A name that can be recognised, and that no other path has. */
function nameOf(path: string): string {
  const digest = createHash("sha256").update(path).digest("hex");
  return `${basename(path)}-${digest.slice(0, 12)}`;
}
