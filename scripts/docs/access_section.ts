import type {
  FunctionAccess,
  OperationAccess,
  RelationAccess,
  Verb,
  Verbs,
} from "../../supabase/tests/e2e/access_table.ts";
import { toTable } from "./markdown_table.ts";

/** The three tables of docs/security.md, before `deno fmt` lays them out. */
export function toAccessSection(
  { relations, functions, operations }: {
    relations: readonly RelationAccess[];
    functions: readonly FunctionAccess[];
    operations: readonly OperationAccess[];
  },
): string {
  return [
    toTable(
      ["table or view", "anonymous", "signed-in user", "`service_role`"],
      relations.map(({ name, user, service, columns }) => [
        `\`${name}\``,
        "—",
        describeVerbs(user, columns),
        describeVerbs(service),
      ]),
    ),
    toTable(
      ["SQL function", "anonymous", "signed-in user", "`service_role`"],
      functions.map(({ name, user }) => [
        `\`${name}()\``,
        "—",
        user ? "own" : "—",
        "all",
      ]),
    ),
    toTable(
      ["HTTP operation", "anonymous", "signed-in user", "secret key"],
      operations.map(({ name, method, anonymous, user, service }) => [
        `${method} \`/functions/v1/${name}\``,
        anonymous === "refused" ? "401" : "all",
        user.reach === "own"
          ? `own; others': ${user.others}`
          : user.reach === "refused"
          ? "401"
          : "all",
        service === "refused" ? "401" : "all",
      ]),
    ),
  ].join("\n");
}

/**
 * The page with another section between its marks.
 *
 * @throws {RangeError} when the page has no marks
 */
export function replaceAccessSection(page: string, section: string): string {
  if (!MARKED.test(page)) {
    throw new RangeError(`Cannot find ${BEGIN} … ${END} in the page`);
  }
  return page.replace(MARKED, () => `${BEGIN}\n\n${section}\n${END}`);
}

const BEGIN = "<!-- access: begin -->";
const END = "<!-- access: end -->";
const MARKED = new RegExp(`${BEGIN}.*${END}`, "s");

const VERBS: Verb[] = ["select", "insert", "update", "delete"];

function describeVerbs(
  verbs: Verbs,
  columns: RelationAccess["columns"] = {},
): string {
  const allowed = VERBS.filter((verb) => verbs[verb]);
  if (
    allowed.length === VERBS.length &&
    allowed.every((verb) => verbs[verb] === "all")
  ) return "everything";
  return allowed.map((verb) => {
    const named = verb === "delete" ? undefined : columns[verb];
    const some = named
      ? ` (${named.map((name) => `\`${name}\``).join(", ")})`
      : "";
    return `${verb} ${verbs[verb]}${some}`;
  }).join("; ");
}
