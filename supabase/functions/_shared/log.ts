export const LOG_LEVELS = ["debug", "info", "warn", "error", "off"] as const;
export type LogLevel = typeof LOG_LEVELS[number];

/** Names, numbers and counts by name; a text that a prompt, a model or a header says is none of them. */
export type LogFacts = Record<
  string,
  string | number | boolean | null | undefined | Record<string, number>
>;

/** Writes that something happened. */
export type Log = (
  level: Exclude<LogLevel, "off">,
  event: string,
  facts: LogFacts,
) => void;

/**
 * Writes each event from a level on as one line of JSON, `{"event", …facts}`, by the method of console
 * that has the level's name: Supabase's log explorer shows that as the line's level, and its time
 * (https://supabase.com/docs/guides/functions/logging).
 */
export function createLog(
  least: LogLevel,
  output: Pick<Console, Exclude<LogLevel, "off">> = console,
): Log {
  const rank = LOG_LEVELS.indexOf(least);
  return (level, event, facts) => {
    if (LOG_LEVELS.indexOf(level) < rank) return;
    output[level](JSON.stringify({ event, ...facts }));
  };
}
