import { parseArgs, type ParseArgsConfig } from "node:util";
import { WrongUsage } from "./command.ts";
import { didYouMean } from "./did_you_mean.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Options that take a text each. */
export function texts<Name extends string>(
  ...names: Name[]
): Record<Name, { type: "string" }> {
  return eachOf(names, { type: "string" });
}

/** Options that are given or not. */
export function switches<Name extends string>(
  ...names: Name[]
): Record<Name, { type: "boolean" }> {
  return eachOf(names, { type: "boolean" });
}

function eachOf<Name extends string, Option>(names: Name[], option: Option) {
  return Object.fromEntries(
    names.map((name) => [name, option]),
  ) as Record<Name, Option>;
}

/**
 * Reads the arguments of a command: `positionals` names those it takes, a name that ends in `?` may
 * be left out, one that ends in `…` may be repeated.
 *
 * @throws {WrongUsage} saying what is wrong
 */
export function readArguments<Given extends Options>(
  args: string[],
  positionals: string[],
  options: Given,
) {
  try {
    const parsed = parseArgs({
      args,
      options,
      allowPositionals: true,
      strict: true,
      // --no-NAME for what is true or false.
      allowNegative: true,
    });
    checkCount(parsed.positionals.length, positionals);
    return parsed;
  } catch (error) {
    if (error instanceof WrongUsage) throw error;
    const { message } = error as Error;
    const unknown = /^Unknown option '(-[^' ]+)/.exec(message)?.[1];
    throw new WrongUsage(
      unknown === undefined
        ? message
        : `Cannot use ${unknown}: there is no such option${
          didYouMean(unknown, Object.keys(options).map((name) => `--${name}`))
        }`,
    );
  }
}

function checkCount(given: number, names: string[]): void {
  const needed = names.filter((name) => !name.endsWith("?"));
  const most = names.some((name) => name.endsWith("…"))
    ? Infinity
    : names.length;
  if (given < needed.length) {
    throw new WrongUsage(`Give ${needed.slice(given).join(" and ")}`);
  }
  if (given > most) {
    throw new WrongUsage(`Too many arguments: at most ${names.join(" ")}`);
  }
}

/**
 * The number that an option gives.
 *
 * @throws {WrongUsage} it is none
 */
export function toNumber(
  name: string,
  text: string | undefined,
): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() !== "" && Number.isFinite(number)) return number;
  throw new WrongUsage(`Cannot use --${name} ${text}: give a number`);
}

/** @throws {WrongUsage} it is no id */
export function toRunId(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new WrongUsage(`Cannot use "${text}": give the id of a run`);
}

/** A run or a sweep, by the words that the Data API has for them. */
export interface Target {
  kind: "run" | "sweep";
  id: number;
}

/** `7` is a run, `sweep:7` a sweep. @throws {WrongUsage} it is neither */
export function toTarget(text: string): Target {
  const [, id] = /^sweep:(.*)$/.exec(text) ?? [];
  return id === undefined
    ? { kind: "run", id: toRunId(text) }
    : { kind: "sweep", id: toRunId(id) };
}

/**
 * Headers written as `Name: value`.
 *
 * @throws {WrongUsage} one has no colon
 */
export function toHeaders(lines: string[] = []): Record<string, string> {
  return Object.fromEntries(lines.map((line) => {
    const colon = line.indexOf(":");
    if (colon < 1) {
      throw new WrongUsage(
        `Cannot use --header ${line}: write 'Name: value'`,
      );
    }
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  }));
}
