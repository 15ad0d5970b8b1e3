/**
 * Whether a hosted project may be changed: said in advance, or asked now, once for all that follows.
 * The Supabase CLI would ask for each command, take Enter for no, and fail where nobody can answer:
 * https://supabase.com/docs/guides/local-development/cli/migrating-to-v3
 *
 * @throws {TypeError} nobody has said yes, and there is nobody to ask
 */
export function askOnce(
  question: string,
  { yes, environment, isTerminal, ask }: {
    /** The option --yes. */
    yes: boolean | undefined;
    environment: Record<string, string | undefined>;
    isTerminal: boolean;
    ask(question: string): boolean;
  },
): boolean {
  if (yes || /^(true|1)$/i.test(environment.SUPABASE_YES ?? "")) return true;
  if (isTerminal) return ask(question);
  throw new TypeError(
    "Cannot ask for consent without a terminal: give --yes or set SUPABASE_YES=true. Nothing was changed",
  );
}
