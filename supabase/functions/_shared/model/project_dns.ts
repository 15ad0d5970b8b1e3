import ipaddr from "ipaddr.js";
import type { ResolveDns } from "./egress_guard.ts";

/** A blocked port answers nothing at all, and a call has not begun yet. */
const TIMEOUT_MS = 5_000;

/** DNS as an Edge Function has it. */
export interface ProjectDns {
  resolve: ResolveDns;
  /** Whether it answers for the project's own name. */
  isThere(): Promise<boolean>;
}

/**
 * Asks DNS where it can be asked. Whether hosted functions reach it is not documented; where even the
 * project's own name has no answer, every lookup fails as one that is not permitted does, so that
 * names are judged by their spelling instead of every call failing. Found out once an isolate, when
 * the first name has no answer.
 */
export function createProjectDns(
  supabaseUrl: string,
  ask: typeof Deno.resolveDns,
): ProjectDns {
  const own = new URL(supabaseUrl).hostname;
  const resolve: ResolveDns = (host, recordType) =>
    ask(host, recordType, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  let answersOwn: Promise<boolean> | undefined;

  function isThere(): Promise<boolean> {
    return answersOwn ??= ipaddr.isValid(own.replace(/^\[|\]$/g, ""))
      ? Promise.resolve(true)
      : Promise.allSettled([resolve(own, "A"), resolve(own, "AAAA")])
        .then((answers) => {
          const isAnswered = answers.some((answer) =>
            answer.status === "fulfilled" && answer.value.length > 0
          );
          if (!isAnswered) {
            console.warn(
              `Cannot ask DNS: ${own} has no address. URLs are judged by their spelling`,
            );
          }
          return isAnswered;
        });
  }

  return {
    isThere,
    async resolve(host, recordType) {
      const found = answersOwn && !await answersOwn
        ? []
        : await resolve(host, recordType).catch(async (error) => {
          if (await isThere()) throw error;
          return [];
        });
      if (found.length > 0 || await isThere()) return found;
      throw new Deno.errors.NotSupported("DNS cannot be asked");
    },
  };
}
