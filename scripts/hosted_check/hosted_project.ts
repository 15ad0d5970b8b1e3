import type { Clock } from "../../supabase/functions/_shared/clock.ts";
import type { Connection } from "../project/connection.ts";

/** A hosted project that is looked at. */
export interface HostedProject extends Connection {
  /** The 20 letters in its address. */
  ref: string;
  /** The service_role key, where the project still has one. */
  legacyKey?: string;
  /** An endpoint that may be called for a few prompts. */
  endpoint?: string;
  fetch: typeof globalThis.fetch;
  clock: Clock;
  /** Runs the Supabase CLI against the project; standard output. Fails with all that it said. */
  cli(...args: string[]): Promise<string>;
}

/** What a check found. */
export interface Outcome {
  /** Null: it was not tried. */
  isAsExpected: boolean | null;
  words: string;
}

export interface HostedCheck {
  name: string;
  run(project: HostedProject): Promise<Outcome>;
}

export const asExpected = (words: string): Outcome => ({
  isAsExpected: true,
  words,
});
export const otherwise = (words: string): Outcome => ({
  isAsExpected: false,
  words,
});
export const notTried = (words: string): Outcome => ({
  isAsExpected: null,
  words,
});

/** The rows of a statement that changes nothing. */
export async function query<Row>(
  { cli }: HostedProject,
  sql: string,
): Promise<Row[]> {
  return JSON.parse(
    await cli("db", "query", "--read-only", sql, "--output-format", "json"),
  );
}
