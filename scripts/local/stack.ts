import { rm } from "node:fs/promises";
import { join } from "node:path";
import postgres, { type Sql } from "postgres";
import { createBackgroundWorkers } from "./background/background_workers.ts";
import { withOwnConnections } from "./background/own_connections.ts";
import { startPgCronWorker } from "./background/pg_cron_worker.ts";
import { startPgNetWorker, type WakeMode } from "./background/pg_net_worker.ts";
import type { Worker } from "./background/repeat.ts";
import { supabaseFolder } from "./checkout.ts";
import { openStackFolder } from "./data_folder.ts";
import { openDatabase } from "./database.ts";
import { rememberDatabase, returnToBeginning } from "./database_beginning.ts";
import { downloadModules } from "./download_modules.ts";
import { createFunctionServer } from "./functions/function_server.ts";
import type { IsolateLimits } from "./functions/isolate_limits.ts";
import {
  type DeployedFunctions,
  loadFunctions,
} from "./functions/load_functions.ts";
import { type Backends, createGateway } from "./gateway/gateway.ts";
import { listen } from "./gateway/listen.ts";
import { readOrCreateKeys, signUserToken } from "./keys.ts";
import { surviveKilledServer } from "./killed_server.ts";
import {
  chooseFreePort,
  chooseFreePortFrom,
  startOnFreePort,
} from "./ports.ts";
import {
  createProjectEnvironment,
  legacyKeys,
  readFunctionSecrets,
} from "./project_environment.ts";
import { projectContent } from "./project_database.ts";
import { readFileSizeLimit } from "./rest/file_size_limit.ts";
import { restEntry, startRestServer } from "./rest/rest_server.ts";
import { setVaultSecret } from "./vault_secret.ts";

/** How to start an embedded Supabase. */
export interface StackOptions {
  /** Port of the origin, 54321 by default; 0: any. The next free one when busy. */
  port?: number;
  /** Folder that survives the stack; omitted: a temporary one. */
  dataDir?: string;
  /** Forget what an earlier stack has left in dataDir. */
  emptyDataDir?: boolean;
  /** Apply no migrations to what is in dataDir. */
  asItIs?: boolean;
  /** Use this PostgreSQL server instead of the embedded one. */
  databaseUrl?: string;
  /** Remember how the database begins, so that renew() takes 0.1 s instead of 1 s. */
  renewable?: boolean;
  /** What becomes of pg_net's requests, "on" by default. */
  wakes?: WakeMode;
  /** More environment for the functions. */
  functionEnv?: Record<string, string>;
  /** Names of the functions to serve, by default all. */
  functions?: string[];
  /**
   * End the processes of functions as hosted Supabase ends isolates; by default
   * they live as long as the stack. Only Linux tells what a thread uses: elsewhere
   * the limit of processor time is not enforced.
   */
  isolateLimits?: IsolateLimits;
  /**
   * By how many milliseconds the clock of a function's next process is wrong, asked
   * at each start; by default it is right.
   */
  clockSkewMs?: (functionName: string) => number;
  /** Serve these functions, with this Deno, instead of those of the project. */
  deployed?: DeployedFunctions;
  /** How many bytes a file may have that Storage takes; by default what config.toml says. */
  fileSizeLimit?: number;
  /** The `supabase` folder to serve, by default that of this clone. */
  project?: string;
  /** Told what happens, line by line; by default nobody. */
  log?: (line: string) => void;
}

/** A running embedded Supabase. */
export interface Stack {
  /** The origin of /rest/v1, /auth/v1, /storage/v1 and /functions/v1. */
  url: string;
  /** PostgreSQL, as the role that owns the project. */
  databaseUrl: string;
  studioUrl: string;
  publishableKey: string;
  secretKey: string;
  /** A connection as superuser. */
  sql: Sql;
  /** Signs a token for a user, valid for an hour. */
  createUserToken(
    userId: string,
    claims?: Record<string, unknown>,
  ): Promise<string>;
  setWakes(mode: WakeMode): void;
  /**
   * Kills processes with SIGKILL; PostgreSQL and REST are started again by
   * themselves, functions by their next call.
   */
  kill(what: "functions" | "rest" | "postgres"): Promise<void>;
  /** Resolves when PostgreSQL and REST answer. */
  ready(): Promise<void>;
  /**
   * Begins anew, with nothing in the database but the project and without objects.
   * Functions go on: kill() them before if they have something under way.
   *
   * @throws Error when the PostgreSQL server is the user's
   */
  renew(): Promise<void>;
  /** Ends every process; removes the data of a temporary stack. */
  stop(): Promise<void>;
}

/**
 * Starts everything.
 *
 * @throws Error that says what is wrong; what had been started is stopped again
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const {
    port = 54_321,
    dataDir,
    databaseUrl,
    project = supabaseFolder,
    log = () => {},
  } = options;
  let wakes = options.wakes ?? "on";
  surviveKilledServer();
  await using cleanup = new AsyncDisposableStack();
  const folder = await openStackFolder(dataDir);
  cleanup.defer(folder.release);
  if (options.emptyDataDir) await folder.empty();
  const objectFolder = join(folder.path, "objects");
  const keys = await readOrCreateKeys(folder.path);

  const backends: Backends = {
    rest: { url: () => rest.url() },
    functions: new Map(),
    apiKeys: [keys.publishableKey, keys.secretKey],
    signingSecret: new TextEncoder().encode(keys.jwtSecret),
  };
  const gateway = listen(port, createGateway(backends));
  cleanup.defer(gateway.stop);
  const url = `http://127.0.0.1:${gateway.port}`;
  // As with the Supabase CLI: database and Studio on the ports after the API.
  // PostgreSQL never runs as root, and so must not listen below 1024.
  const base = Math.max(gateway.port, 1_024);
  const databasePort = port === 0 ? 0 : base + 1;

  const content = await projectContent(project);
  let afterRestart = () => {};
  const database = await openDatabase({
    databaseUrl,
    folder: folder.path,
    durable: dataDir !== undefined,
    port: databasePort,
    // The many databases that begin anew are copies of one that has it all.
    content: dataDir === undefined ? content : undefined,
    onRestart: () => afterRestart(),
    log,
  });
  cleanup.defer(database.stop);
  const sql = postgres(database.superuserUrl, {
    onnotice: () => {},
    // A server that was killed is back in a second; of its own the driver (3.4.9) would wait up to 20.
    backoff: () => 0.1,
  });
  cleanup.defer(() => sql.end({ timeout: 1 }));
  async function fillDatabase(): Promise<void> {
    await setVaultSecret(sql, "project_url", url);
    if ((dataDir ?? databaseUrl) !== undefined && !options.asItIs) {
      await content.write(database.url, database.skipExtensions);
    }
  }
  await fillDatabase();
  const beginning = options.renewable ? await rememberDatabase(sql) : undefined;

  const env = {
    ...await readFunctionSecrets(project),
    ...createProjectEnvironment(url, database.url, keys),
    // Functions of others may know the keys by them.
    ...project !== supabaseFolder && legacyKeys(keys),
    ...options.functionEnv,
  };
  const { clockSkewMs, deployed, isolateLimits: limits } = options;
  await downloadModules([restEntry]);
  const wanted = await loadFunctions(project, {
    names: options.functions,
    deployed,
    log,
  });
  const rest = await startOnFreePort(
    () => port === 0 ? chooseFreePort() : chooseFreePortFrom(base + 2),
    async (studioPort) => ({
      ...await startRestServer({
        ...keys,
        databaseUrl: database.superuserUrl,
        objectFolder,
        studioPort,
        siteUrl: url,
        maxRows: 1_000,
        fileSizeLimit: options.fileSizeLimit ??
          await readFileSizeLimit(project),
      }, log),
      studioUrl: `http://127.0.0.1:${studioPort}`,
    }),
  );
  cleanup.defer(rest.stop);
  const servers = wanted.map((settings) =>
    createFunctionServer(settings, {
      env,
      limits,
      deno: deployed?.deno,
      clockSkewMs: clockSkewMs && (() => clockSkewMs(settings.name)),
      log,
    })
  );
  // Before REST, so that a function can still say goodbye to the database.
  cleanup.defer(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });
  for (const server of servers) backends.functions.set(server.name, server);

  const complain = (error: unknown) => log(`Background worker: ${error}`);
  const workers: Record<string, () => Promise<Worker>> = {
    pg_net: () =>
      withOwnConnections(
        database.superuserUrl,
        (sql) => startPgNetWorker(sql, () => wakes, fetch, complain),
      ),
    pg_cron: () =>
      withOwnConnections(
        database.superuserUrl,
        (sql) => startPgCronWorker(sql, () => new Date(), complain),
      ),
  };
  const background = createBackgroundWorkers(
    database.standIns.flatMap((name) => workers[name] ?? []),
    complain,
  );
  afterRestart = () => {
    background.restart();
    rest.startAnew().catch(complain);
  };
  cleanup.defer(background.stop);
  await background.start();

  const parts = { postgres: [database], rest: [rest], functions: servers };
  const running = cleanup.move();
  let stopping: Promise<void> | undefined;
  return {
    url,
    databaseUrl: database.url,
    studioUrl: rest.studioUrl,
    publishableKey: keys.publishableKey,
    secretKey: keys.secretKey,
    sql,
    createUserToken: (userId, claims) =>
      signUserToken(keys, `${url}/auth/v1`, userId, claims),
    setWakes: (mode) => void (wakes = mode),
    async kill(what) {
      await Promise.all(parts[what].map((part) => part.kill()));
    },
    async ready() {
      await Promise.all([database.ready(), rest.ready()]);
    },
    async renew() {
      await background.stop();
      await rm(objectFolder, { recursive: true, force: true });
      if (!beginning || !await returnToBeginning(sql, beginning)) {
        await database.renew();
        await rest.renew();
        await fillDatabase();
      }
      await background.start();
    },
    stop: () => stopping ??= running.disposeAsync(),
  };
}
