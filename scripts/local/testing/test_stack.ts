import { createClient } from "@supabase/supabase-js";
import { join } from "node:path";
import { checkout } from "../checkout.ts";
import { type Stack, type StackOptions, startStack } from "../stack.ts";
import { shareStack } from "./share_stack.ts";

/** A small project with a table, a function and a bucket. */
export const project = join(checkout, "scripts", "local", "test_project");

const takeSharedStack = shareStack(
  { port: 0, project },
  (stack) => stack.kill("functions"),
);

/**
 * Gives a stack to a test: the one that the tests of this process share, as new, or with options one of
 * its own.
 */
export async function withStack(
  test: (stack: Stack) => Promise<void>,
  options?: StackOptions,
): Promise<void> {
  if (!options) return await test(await takeSharedStack());
  const stack = await startStack({ port: 0, project, ...options });
  try {
    await test(stack);
  } finally {
    await stack.stop();
  }
}

/** Asks again until the answer is there; fails after 10 seconds. */
export async function eventually<T>(
  ask: () => Promise<T | undefined>,
): Promise<T> {
  for (let waited = 0; waited < 10_000; waited += 20) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
    await new Promise((go) => setTimeout(go, 20));
  }
  throw new Error("it did not happen within 10 seconds");
}

/** supabase-js as whoever has this key, or this token. */
export const clientFor = (stack: Stack, key: string, token?: string) =>
  createClient(stack.url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    ...token && { accessToken: () => Promise.resolve(token) },
  });

/** The row that a function has written, once it is there. */
export const greeting = (stack: Stack, message: string) =>
  eventually(async () => {
    const [row] = await stack.sql`
      select message from greetings where message = ${message}
    `;
    return row;
  });

/** The process that answers for the function, or for a path of it. */
export async function processOf(
  stack: Stack,
  path = "",
  body?: string,
): Promise<number> {
  const response = await fetch(`${stack.url}/functions/v1/hello${path}`, {
    method: body === undefined ? "GET" : "POST",
    body,
  });
  return (await response.json()).process;
}
