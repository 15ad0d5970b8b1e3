import { join } from "node:path";
import { ifPresent } from "../if_present.ts";
import { isAlive } from "../is_alive.ts";
import { readLines } from "../lines.ts";
import { sendSignal } from "../send_signal.ts";
import type { PostgresVersion } from "./binaries.ts";
import type { OperatingSystemUser } from "./operating_system_user.ts";

/** How to run one PostgreSQL server. */
export interface ServerOptions {
  /** Folder with bin/, lib/ and share/, as copyServer() writes it. */
  installation: string;
  /** Data folder made by initialiseCluster(). */
  data: string;
  port: number;
  /** Whom root hands the server to; undefined when this process is not root. */
  user?: OperatingSystemUser;
  /** False trades safety against a crash of the machine (not of a process) for speed. */
  durable: boolean;
  log: (line: string) => void;
}

/** The bootstrap superuser, named as on hosted Supabase. */
export const superuser = "supabase_admin";
/** The password of every login role, as the Supabase CLI sets it locally. */
const password = "postgres";

/** Where a role finds a database of the server that listens on a port. */
export function urlFor(role: string, port: number, database = "postgres") {
  return `postgresql://${role}:${password}@127.0.0.1:${port}/${database}`;
}

/** Creates an empty cluster in `data`, which must not exist. */
export async function initialiseCluster(
  installation: string,
  data: string,
  version: PostgresVersion,
  user?: OperatingSystemUser,
): Promise<void> {
  const passwordFile = `${data}.password`;
  await Deno.writeTextFile(passwordFile, password);
  if (user) await Deno.chown(passwordFile, user.uid, user.gid);
  try {
    await run(installation, "initdb", [
      `--pgdata=${data}`,
      `--username=${superuser}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      // Sorts the same on every machine, whatever locales it has.
      "--no-locale",
      ...version < 17
        ? []
        : ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
      // The caller starts a server on it at once, so nothing is lost.
      "--no-sync",
    ], user);
  } finally {
    await Deno.remove(passwordFile);
  }
}

/** Starts the server; resolves with its process when it accepts connections. */
export async function startServer(
  options: ServerOptions,
): Promise<Deno.ChildProcess> {
  const { installation, data, port, user, durable, log } = options;
  const settings: Record<string, string | number> = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    timezone: "UTC",
    log_timezone: "UTC",
    log_line_prefix: "",
    shared_buffers: "256MB",
    max_connections: 200,
    // A clone's stack may run all day beside an editor: a checkpoint every few
    // minutes keeps the write-ahead log small.
    max_wal_size: "512MB",
    fsync: durable ? "on" : "off",
    full_page_writes: durable ? "on" : "off",
    // Or a server that is killed forgets what it has said is stored.
    synchronous_commit: "on",
  };
  const server = new Deno.Command(join(installation, "bin", "postgres"), {
    args: [
      "-D",
      data,
      ...Object.entries(settings).flatMap(([key, value]) => [
        "-c",
        `${key}=${value}`,
      ]),
    ],
    cwd: installation,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    // Ctrl-C goes to the whole process group; the stack stops its parts in order.
    detached: true,
    ...user && { uid: user.uid, gid: user.gid },
  }).spawn();
  const firstLines: string[] = [];
  let accepting = false;
  const output = readLines(server.stderr, (line) => {
    if (accepting) log(line);
    else firstLines.push(line);
  });

  let running = true;
  const ended = server.status.then(() => void (running = false));
  while (running) {
    if (await acceptsConnections(data, server.pid)) {
      accepting = true;
      stopServerWhenThisProcessEnds(server, options);
      return server;
    }
    await Promise.race([ended, new Promise((go) => setTimeout(go, 5))]);
  }
  await output;
  throw new Error(
    `Cannot start PostgreSQL in ${data}: ${reasonIn(firstLines, user)}`,
  );
}

function reasonIn(lines: string[], user?: OperatingSystemUser): string {
  const line = lines.find((line) => /could not|FATAL|PANIC/.test(line));
  const reason = (line ?? lines.at(-1))?.replace(/^\w+: +/, "") ??
    "it said nothing";
  return user && reason.endsWith("Permission denied")
    ? `${reason}; the user ${user.name}, who runs PostgreSQL for root, must reach the folder: choose another with --data`
    : reason;
}

/** Ends the server as Ctrl-C would: connections are closed, data is flushed. */
export async function stopServer(server: Deno.ChildProcess): Promise<void> {
  sendSignal(server, "SIGINT");
  await server.status;
}

/**
 * Ends a server that was left behind in `data` when the process that had
 * started it was killed. Does nothing when there is none.
 */
export async function stopLeftoverServer(
  { installation, data, user }: Pick<
    ServerOptions,
    "installation" | "data" | "user"
  >,
): Promise<void> {
  const pid = Number((await readStatusFile(data))?.[0]);
  if (!pid || !isAlive(pid)) return;
  await run(
    installation,
    "pg_ctl",
    ["stop", "-D", data, "-m", "immediate"],
    user,
  ).catch((error) => {
    if (isAlive(pid)) throw error;
  });
}

/**
 * The kernel closes the pipe when this process ends, however it ends; the shell
 * then stops the server. Windows has no shell that could: there, the next start
 * does it (stopLeftoverServer).
 */
function stopServerWhenThisProcessEnds(
  server: Deno.ChildProcess,
  { installation, data, user }: ServerOptions,
): void {
  if (Deno.build.os === "windows") return;
  const guard = new Deno.Command("/bin/sh", {
    args: [
      "-c",
      'read -r nothing; exec "$0" stop -D "$1" -m fast -W >/dev/null 2>&1',
      join(installation, "bin", "pg_ctl"),
      data,
    ],
    cwd: installation,
    stdin: "piped",
    stdout: "null",
    stderr: "null",
    detached: true,
    ...user && { uid: user.uid, gid: user.gid },
  }).spawn();
  server.status.then(async () => {
    sendSignal(guard, "SIGKILL");
    await guard.stdin.close();
    await guard.status;
  });
}

/** postmaster.pid: process id, folder, start, port, …, status in line 8. */
async function readStatusFile(data: string): Promise<string[] | undefined> {
  const path = join(data, "postmaster.pid");
  return (await ifPresent(Deno.readTextFile(path)))?.split("\n");
}

async function acceptsConnections(data: string, pid: number) {
  const lines = await readStatusFile(data);
  return Number(lines?.[0]) === pid && lines?.[7]?.trim() === "ready";
}

async function run(
  installation: string,
  program: string,
  args: string[],
  user?: OperatingSystemUser,
): Promise<void> {
  const output = await new Deno.Command(join(installation, "bin", program), {
    args,
    cwd: installation,
    stdin: "null",
    ...user && { uid: user.uid, gid: user.gid },
  }).output();
  if (output.success) return;
  const reason = new TextDecoder().decode(output.stderr).trim() ||
    new TextDecoder().decode(output.stdout).trim();
  throw new Error(`Cannot run ${program}: ${reason}`);
}
