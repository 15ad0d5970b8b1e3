import { markFile } from "../marked_file.ts";
import type { MovingInParts } from "../parts.ts";

/** Small parts of a version. */
export function createParts(version = "1.0.0"): MovingInParts {
  const mark = (name: string, text: string) =>
    markFile(name, { version, kind: "function", text });
  return {
    version,
    install: "create table pipeline_runs (id int);\n",
    upgrades: version === "1.1.0" ? { "1.0.0": "select 'upgrade';\n" } : {},
    removal: { withData: "select 'all';\n", keepingData: "select 'some';\n" },
    takenNames: {
      schemas: ["pipeline"],
      relations: ["public.pipeline_runs"],
      functions: ["public.cancel_pipeline_run", "public.pipeline_version"],
      types: [],
      roles: [],
      cronJobs: ["prompt-pipeline maintenance"],
      vaultPrefix: "pipeline_",
      publications: [],
      extensions: ["pg_net"],
    },
    functions: [{
      name: "pipeline-worker",
      alsoServes: ["pipeline-evaluator"],
      mayServe: [],
      files: {
        "index.ts": mark("index.ts", `export default ${version};\n`),
        "deno.json": "{}\n",
      },
    }, {
      name: "prompt-pipeline",
      alsoServes: [],
      mayServe: ["run-pipeline"],
      files: { "index.ts": mark("index.ts", "export default 2;\n") },
    }],
  };
}
