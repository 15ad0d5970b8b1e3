/** A comment on the pull request, as GraphQL gives it. */
export interface Comment {
  id: string;
  body: string;
  isMinimized: boolean;
  author: { login: string } | null;
}

/** What of GitHub's GraphQL API comments need, for one pull request. */
export interface GithubApi {
  comments: Comment[];
  /** False: the token of a pull request from a fork. */
  mayWrite: boolean;
  /** Answers a request as GitHub would. */
  handle(request: Request): Promise<Response>;
}

const PULL_REQUEST = "PR_kwDO1";
const MOST_CHARACTERS = 65_536;

/**
 * A stand-in for GitHub: shapes and words are those of its public schema and of what people
 * reported of it (pages of a hundred, an installation that is called `name[bot]` as viewer and `name`
 * as author, refusals with status 200, the longest comment).
 *
 * @param token the only one that it knows
 */
export function createGithubApi(token: string): GithubApi {
  const api: GithubApi = { comments: [], mayWrite: true, handle };

  async function handle(request: Request): Promise<Response> {
    if (request.headers.get("authorization") !== `Bearer ${token}`) {
      return Response.json({ message: "Bad credentials" }, { status: 401 });
    }
    const { query, variables } = await request.json();
    if (query.includes("query Comments(")) return list(variables);
    if (!api.mayWrite) {
      return refuse("FORBIDDEN", "Resource not accessible by integration");
    }
    if (variables.body.length > MOST_CHARACTERS) {
      return refuse(
        "UNPROCESSABLE",
        "Body is too long (maximum is 65536 characters)",
      );
    }
    if (query.includes("addComment(")) {
      if (variables.subjectId !== PULL_REQUEST) return refuse("NOT_FOUND", "");
      api.comments.push({
        id: `IC_${api.comments.length}`,
        body: variables.body,
        isMinimized: false,
        author: { login: "github-actions" },
      });
      return Response.json({ data: { addComment: {} } });
    }
    const comment = api.comments.find(({ id }) => id === variables.id);
    if (!comment) return refuse("NOT_FOUND", "Could not resolve to a node");
    comment.body = variables.body;
    return Response.json({ data: { updateIssueComment: {} } });
  }

  function list(
    { number, after }: { number: number; after: string | null },
  ): Response {
    if (number !== 7) {
      return refuse(
        "NOT_FOUND",
        `Could not resolve to a PullRequest with the number of ${number}.`,
      );
    }
    const from = Number(after ?? 0);
    return Response.json({
      data: {
        viewer: { login: "github-actions[bot]" },
        repository: {
          pullRequest: {
            id: PULL_REQUEST,
            comments: {
              nodes: api.comments.slice(from, from + 100),
              pageInfo: {
                endCursor: String(from + 100),
                hasNextPage: api.comments.length > from + 100,
              },
            },
          },
        },
      },
    });
  }

  return api;
}

function refuse(type: string, message: string): Response {
  return Response.json({ data: null, errors: [{ type, message }] });
}
