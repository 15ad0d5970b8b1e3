import {
  asExpected,
  type HostedProject,
  otherwise,
  type Outcome,
  query,
} from "./hosted_project.ts";

/** Applies the migrations, deploys the functions, or asks the advisors what they think of both. */
export async function checkDeployment(
  project: HostedProject,
  part: "migrations" | "functions" | "advice",
): Promise<Outcome> {
  const { cli, ref } = project;
  switch (part) {
    case "migrations":
      await cli("db", "push");
      return asExpected("applied, or there already");
    case "functions": {
      await cli("functions", "deploy", "--use-api");
      const { functions }: {
        functions: { slug: string; verify_jwt: boolean }[];
      } = JSON.parse(
        await cli("functions", "list", "--output-format", "json"),
      );
      const checked = functions.filter(({ slug, verify_jwt }) =>
        verify_jwt && slug.match(/pipeline|batch|results|prompts/)
      );
      return checked.length > 0
        ? otherwise(
          `verify_jwt is on for ${checked.map(({ slug }) => slug).join(", ")}`,
        )
        : asExpected(`${functions.length} functions in ${ref}`);
    }
    case "advice": {
      const { results }: { results: { name?: string; title?: string }[] } = JSON
        .parse(
          await cli("db", "advisors", "--level=warn", "--output-format=json"),
        );
      const broken = await query(
        project,
        "select * from check_pipeline_invariants()",
      );
      const words = `${results.length} warnings${
        results.map(({ name, title }) => `; ${name ?? title}`).join("")
      }, ${broken.length} broken invariants`;
      return results.length + broken.length > 0
        ? otherwise(words)
        : asExpected(words);
    }
  }
}
