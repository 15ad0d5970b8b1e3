import type { Stack } from "./stack.ts";

/** The addresses and keys of a stack, one a line. */
export function describeStack(stack: Stack): string {
  return `         API URL: ${stack.url}
          DB URL: ${stack.databaseUrl}
      Studio URL: ${stack.studioUrl} (tables; for views and statements psql)
 Publishable key: ${stack.publishableKey}
      Secret key: ${stack.secretKey}`;
}

/** How to reach a stack from shells, by the file of announceStack(). */
export function describeShells(file: string): string {
  return `\`deno task pipeline\` of this clone finds it;
for other programs: set -a; . ${file}`;
}
