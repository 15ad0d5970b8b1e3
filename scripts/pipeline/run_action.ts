import { type Command, EXIT, type Terminal, WrongUsage } from "./command.ts";

/**
 * Runs the action that the first argument of a command names.
 *
 * @returns the exit code
 * @throws {WrongUsage} there is no such action
 */
export function runAction(
  actions: Record<string, Command["run"]>,
  [action, ...args]: string[],
  terminal: Terminal,
): Promise<number> {
  if (Object.hasOwn(actions, action ?? "")) {
    return actions[action](args, terminal);
  }
  throw new WrongUsage(
    `Cannot ${action ?? "do nothing"}: give ${Object.keys(actions).join(", ")}`,
  );
}

/**
 * Deletes what is meant: by --yes, or because who is asked says so.
 *
 * @returns the exit code
 * @throws {WrongUsage} nobody can be asked
 */
export async function deleteIfMeant(
  what: string,
  { yes, remark = "" }: { yes?: boolean; remark?: string },
  terminal: Terminal,
  work: () => Promise<void>,
): Promise<number> {
  const isMeant = yes || await terminal.confirm(`Delete ${what}?${remark}`);
  if (isMeant === null) {
    throw new WrongUsage(`Cannot ask whether to delete ${what}: give --yes`);
  }
  if (!isMeant) {
    terminal.complain("Nothing was deleted");
    return EXIT.failed;
  }
  await work();
  return EXIT.done;
}
