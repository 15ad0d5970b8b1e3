import type { RunPipelineInput } from "../../supabase/functions/_shared/operations/run_pipeline.ts";
import { WrongUsage } from "./command.ts";
import { toJson } from "./endpoint_options.ts";
import { switches, texts } from "./read_arguments.ts";

/** What a command line may say of a table beside its name. */
export const tableOptions = {
  ...texts("columns", "where"),
  ...switches("new"),
};

type DataSource = RunPipelineInput["dataSource"];

/**
 * The source with what was said of its table.
 *
 * @throws {WrongUsage} it is no table, or what was said is no JSON
 */
export function withTableOptions(
  source: DataSource,
  values: { columns?: string; where?: string; new?: boolean },
): DataSource {
  const { columns, where, new: isNew } = values;
  if (source.type !== "table") {
    const [used] = Object.entries({ columns, where, new: isNew })
      .filter(([, value]) => value !== undefined);
    if (used === undefined) return source;
    throw new WrongUsage(
      `Cannot use --${
        used[0]
      }: the source is no table, written SCHEMA.TABLE or table:NAME`,
    );
  }
  return {
    ...source,
    ...columns !== undefined && { columns: toJson("columns", columns) },
    ...where !== undefined && { where: toJson("where", where) },
    ...isNew && { after: "last run" },
  } as DataSource;
}
