import type { SupabaseClient } from "@supabase/supabase-js";
import { toErrorCode } from "../../supabase/functions/_shared/database.ts";
import { PipelineError } from "../../supabase/functions/_shared/errors.ts";
import type { Services } from "../../supabase/functions/_shared/operations/services.ts";
import { type Connection, readConnection } from "../project/connection.ts";
import { createProjectClient } from "../project/create_client.ts";
import { createLocalServices } from "../project/services.ts";
import type { Terminal } from "./command.ts";

/** The project that the environment names, as commands use it. */
export interface ProjectAccess {
  connection: Connection;
  client: SupabaseClient;
  services: Services;
}

/** @throws {TypeError} naming every variable that is missing */
export function openProject(
  { environment, fetch }: Pick<Terminal, "environment" | "fetch">,
): ProjectAccess {
  const connection = readConnection(environment);
  return {
    connection,
    client: createProjectClient(connection),
    services: createLocalServices(connection, {
      fetch,
      allowPrivateHosts: allowsPrivateHosts(environment),
    }),
  };
}

/**
 * Whether model calls of this machine may go to http and private addresses: where nothing else is said,
 * those of a project on this machine may, because its workers may as well.
 */
export function allowsPrivateHosts(
  { PIPELINE_ALLOW_PRIVATE_HOSTS: choice, SUPABASE_URL: url = "" }:
    Terminal["environment"],
): boolean {
  return choice === undefined
    ? /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])([:/]|$)/.test(url)
    : choice === "true";
}

/** What a function of the project answers. @throws {PipelineError} saying that this action failed */
export async function call<Answer>(
  client: SupabaseClient,
  action: string,
  name: string,
  args: Record<string, unknown>,
): Promise<Answer> {
  return dataOf(action, await client.rpc(name, args)) as Answer;
}

/**
 * Calls a function that does some of its work at a time, until it says that it is over.
 *
 * @returns how many answers it has changed or deleted
 */
export async function callUntilOver(
  ...args: Parameters<typeof call>
): Promise<number> {
  let evaluations = 0;
  let step: { evaluations: number; isGone?: boolean; isDone?: boolean };
  do {
    step = await call(...args);
    evaluations += step.evaluations;
  } while (!step.isGone && !step.isDone);
  return evaluations;
}

/** The data of an answer of supabase-js. @throws {PipelineError} it holds an error */
export function dataOf<Data>(
  action: string,
  { data, error, status }: {
    data: Data;
    error: { message: string; code?: string; hint?: string | null } | null;
    status: number;
  },
): NonNullable<Data> {
  if (error) {
    throw new PipelineError(
      toErrorCode(error.code, status),
      `${
        // Functions of the pipeline say themselves what cannot be done.
        error.message.startsWith("Cannot ")
          ? ""
          : `Cannot ${action}: `}${error.message}${
        error.hint ? `. ${error.hint}` : ""
      }`,
    );
  }
  return data!;
}
