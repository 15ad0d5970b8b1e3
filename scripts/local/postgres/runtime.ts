import { createHash } from "node:crypto";
import { chown, cp, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import postgres from "postgres";
import { applyBaseSql, type BaseSql } from "../base_database.ts";
import { ifPresent } from "../if_present.ts";
import { chooseFreePort } from "../ports.ts";
import { makeTemporaryFolder } from "../temporary_folder.ts";
import {
  copyServer,
  type PostgresVersion,
  postgresVersions,
  standIns,
} from "./binaries.ts";
import type { OperatingSystemUser } from "./operating_system_user.ts";
import {
  initialiseCluster,
  startServer,
  stopServer,
  superuser,
  urlFor,
} from "./server.ts";

/** A server that can be started, and a cluster to copy for each new stack. */
export interface Runtime {
  installation: string;
  template: string;
  user?: OperatingSystemUser;
}

/** What a database holds beside the roles and schemas of Supabase. */
export interface DatabaseContent {
  /** Another one for everything else that write() would write. */
  name: string;
  /**
   * Writes what is not there yet.
   *
   * @param url as the role postgres
   * @param skipExtensions see applyMigrations()
   */
  write(url: string, skipExtensions?: string[]): Promise<void>;
}

/** Counts up when templates are made in another way. */
const LAYOUT = 2;

/** Templates with content that nobody has used for so long, in milliseconds, are removed. */
const forgottenAfter = 86_400_000;

/**
 * Unpacks the server and prepares the template cluster in `folder`, once per
 * version; later calls only look. A process that is killed half way leaves a
 * folder that nobody uses.
 */
export async function prepareRuntime(
  folder: string,
  base: BaseSql,
  user: OperatingSystemUser | undefined,
  log: (line: string) => void,
  version: PostgresVersion = 17,
): Promise<Runtime> {
  const target = join(folder, await nameOfVersion(version, base, user));
  const runtime = {
    installation: join(target, "server"),
    template: join(target, "template"),
    user,
  };
  if (await ifPresent(Deno.stat(target))) return runtime;

  log("Unpacking PostgreSQL (once per version)");
  const draft = await makeTemporaryFolder(folder, "draft");
  try {
    if (user) await chown(draft, user.uid, user.gid);
    await copyServer(join(draft, "server"), version);
    await makeTemplate(
      {
        installation: join(draft, "server"),
        template: join(draft, "template"),
        user,
      },
      base,
      version,
    );
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process may have been quicker; its result is as good.
    if (!await ifPresent(Deno.stat(target))) throw error;
  }
  return runtime;
}

/**
 * Prepares a template cluster with more content, once for each; later calls only
 * look. Making it takes a second, and saves half of one at each start with it.
 */
export async function prepareContent(
  runtime: Runtime,
  { name, write }: DatabaseContent,
): Promise<Runtime> {
  const folder = dirname(runtime.template);
  const template = join(folder, `template-${name}`);
  if (await ifPresent(Deno.stat(template))) {
    await Deno.utime(template, new Date(), new Date());
    return { ...runtime, template };
  }
  const draft = await makeTemporaryFolder(folder, "draft");
  try {
    if (runtime.user) await chown(draft, runtime.user.uid, runtime.user.gid);
    const data = join(draft, "data");
    await copyTemplate(runtime, data);
    await withServer({ ...runtime, template: data }, async (port) => {
      await write(urlFor("postgres", port));
      await copyToTemplate1(port);
    });
    await removeForgotten(folder);
    await rename(data, template).catch(async (error) => {
      // Another process may have been quicker; its result is as good.
      if (!await ifPresent(Deno.stat(template))) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return { ...runtime, template };
}

/** Databases created later are copies of template1, also the one that is renewed. */
async function copyToTemplate1(port: number): Promise<void> {
  const sql = postgres(urlFor(superuser, port), {
    max: 1,
    onnotice: () => {},
  });
  await sql`alter database template1 is_template false`;
  await sql`drop database template1`;
  await sql`
    create database template1 template postgres owner postgres is_template true
  `;
  await sql.end();
}

async function removeForgotten(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith("template-")) continue;
    const path = join(folder, name);
    const used = (await ifPresent(Deno.stat(path)))?.mtime;
    if (used && Date.now() - used.getTime() > forgottenAfter) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

/** Puts a copy of the template cluster at `data`, unless there is one already. */
export async function copyTemplate(
  { template, user }: Runtime,
  data: string,
): Promise<void> {
  if (await ifPresent(Deno.stat(data))) return;
  // The folder around it is this process's own, so is what lies there half made.
  const draft = `${data}.draft`;
  await rm(draft, { recursive: true, force: true });
  await cp(template, draft, { recursive: true });
  await Deno.chmod(draft, 0o700);
  if (user) {
    await chown(draft, user.uid, user.gid);
    for (const entry of await readdir(draft, { recursive: true })) {
      await chown(join(draft, entry), user.uid, user.gid);
    }
  }
  // A copy that is cut short must not pass for a cluster.
  await rename(draft, data);
}

async function makeTemplate(
  runtime: Runtime,
  base: BaseSql,
  version: PostgresVersion,
): Promise<void> {
  await initialiseCluster(
    runtime.installation,
    runtime.template,
    version,
    runtime.user,
  );
  await withServer(runtime, async (port) => {
    // Databases created later are copies of template1, but postgres exists already.
    for (const database of ["template1", "postgres"]) {
      const sql = postgres(urlFor(superuser, port, database), {
        max: 1,
        onnotice: () => {},
      });
      await applyBaseSql(sql, [base.roles, base.schemas, base.embedded]);
      await sql.unsafe(`alter database ${database} owner to postgres`);
      await sql.end();
    }
  });
}

/** Runs a server on the template cluster for as long as `use` takes. */
async function withServer(
  { installation, template, user }: Runtime,
  use: (port: number) => Promise<void>,
): Promise<void> {
  const port = chooseFreePort();
  const server = await startServer({
    installation,
    data: template,
    port,
    user,
    durable: false,
    log: () => {},
  });
  try {
    await use(port);
  } finally {
    await stopServer(server);
  }
}

async function nameOfVersion(
  version: PostgresVersion,
  base: BaseSql,
  user?: OperatingSystemUser,
) {
  const hash = createHash("sha256").update(
    JSON.stringify([LAYOUT, base, user]),
  );
  for (const name of (await readdir(standIns)).sort()) {
    hash.update(name).update(await Deno.readFile(join(standIns, name)));
  }
  return `postgres-${postgresVersions[version]}-${
    hash.digest("hex").slice(0, 12)
  }`;
}
