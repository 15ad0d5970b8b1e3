/**
 * Writes a file as the comment of the action on a pull request. What goes wrong is a warning of the
 * job and not its end: whether the job fails is the gate's word alone.
 */
import * as z from "zod";
import { writeStickyComment } from "./sticky_comment.ts";

const environmentSchema = z.object({
  COMMENT_FILE: z.string().min(1),
  /** Tells the comments of several gates on one pull request apart. */
  COMMENT_ID: z.string().regex(/^[\w. /-]{1,100}$/, "letters, digits, . _ / -"),
  /** Empty where the event is none of a pull request. */
  PULL_REQUEST: z.string().regex(/^\d*$/),
  GITHUB_TOKEN: z.string().min(1),
  GITHUB_GRAPHQL_URL: z.url(),
  GITHUB_REPOSITORY: z.string(),
  GITHUB_SERVER_URL: z.string(),
  GITHUB_RUN_ID: z.string(),
});

async function main(): Promise<void> {
  const environment = environmentSchema.parse(Deno.env.toObject());
  if (environment.PULL_REQUEST === "") {
    console.log("No comment: this is not a pull request");
    return;
  }
  const run =
    `${environment.GITHUB_SERVER_URL}/${environment.GITHUB_REPOSITORY}/actions/runs/${environment.GITHUB_RUN_ID}`;
  const outcome = await writeStickyComment(
    {
      graphqlUrl: environment.GITHUB_GRAPHQL_URL,
      token: environment.GITHUB_TOKEN,
      repository: environment.GITHUB_REPOSITORY,
      pullRequest: Number(environment.PULL_REQUEST),
      fetch,
    },
    `<!-- prompt-pipeline gate: ${environment.COMMENT_ID} -->`,
    `${await Deno.readTextFile(environment.COMMENT_FILE)}\n\n[job](${run})`,
  );
  console.log(`Comment ${outcome}`);
}

if (import.meta.main) {
  await main().catch((error) => {
    // https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
    const message = String(error.message)
      .replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
    console.log(
      `::warning title=No comment on the pull request::${message}. The job needs the permission ` +
        "pull-requests: write; a pull request from a fork has none, and its result is in the job's summary",
    );
  });
}
