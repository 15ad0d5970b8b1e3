import type { Connection } from "../project/connection.ts";
import { serveDashboard } from "./serve.ts";

/** The dashboard beside a stack of this machine. */
export interface BesideStack {
  /** Its address; or why there is none, for a stack is of use without it. */
  line: string;
  stop(): Promise<void>;
}

/** Serves the dashboard of a stack that has been started. */
export async function serveBesideStack(
  connection: Connection,
): Promise<BesideStack> {
  try {
    const { url, stop } = await serveDashboard(connection);
    return { line: `   Dashboard URL: ${url}`, stop };
  } catch (error) {
    return {
      line: `There is no dashboard: ${(error as Error).message}`,
      stop: () => Promise.resolve(),
    };
  }
}
