/** Where a comment goes and who writes it. */
export interface CommentTarget {
  /** GraphQL endpoint: that of GitHub, or of an Enterprise server. */
  graphqlUrl: string;
  token: string;
  /** `owner/name`. */
  repository: string;
  pullRequest: number;
  fetch: typeof globalThis.fetch;
}

interface Page {
  viewer: { login: string };
  repository: {
    pullRequest: {
      id: string;
      comments: {
        nodes: {
          id: string;
          body: string;
          isMinimized: boolean;
          author: { login: string } | null;
        }[];
        pageInfo: { endCursor: string | null; hasNextPage: boolean };
      };
    };
  };
}

const PAGE = `
query Comments($owner: String!, $name: String!, $number: Int!, $after: String) {
  viewer { login }
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      id
      comments(first: 100, after: $after) {
        nodes { id body isMinimized author { login } }
        pageInfo { endCursor hasNextPage }
      }
    }
  }
}`;
const ADD = `
mutation Add($subjectId: ID!, $body: String!) {
  addComment(input: {subjectId: $subjectId, body: $body}) { clientMutationId }
}`;
const UPDATE = `
mutation Update($id: ID!, $body: String!) {
  updateIssueComment(input: {id: $id, body: $body}) { clientMutationId }
}`;

/**
 * Writes a comment on a pull request, over an earlier one with the same marker. Earlier is what the
 * same token has written and nobody has hidden: anybody can write the marker. GraphQL, because only
 * it tells an installation's token who it is (`GET /user` answers 403), under a name that authors
 * have without `[bot]` (marocchino/sticky-pull-request-comment, src/comment.ts).
 *
 * @param marker a text that readers do not see, such as an HTML comment
 * @throws {Error} with what GitHub says
 */
export async function writeStickyComment(
  target: CommentTarget,
  marker: string,
  text: string,
): Promise<"added" | "updated"> {
  const body = `${marker}\n${text}`;
  const [owner, name] = target.repository.split("/");
  let after: string | null = null;
  for (;;) {
    const page: Page = await ask(
      target,
      PAGE,
      { owner, name, number: target.pullRequest, after },
    );
    const { viewer, repository: { pullRequest } } = page;
    const { nodes, pageInfo } = pullRequest.comments;
    const earlier = nodes.find((comment) =>
      comment.author?.login === viewer.login.replace(/\[bot\]$/, "") &&
      comment.body.startsWith(marker) && !comment.isMinimized
    );
    if (earlier) {
      await ask(target, UPDATE, { id: earlier.id, body });
      return "updated";
    }
    if (!pageInfo.hasNextPage) {
      await ask(target, ADD, { subjectId: pullRequest.id, body });
      return "added";
    }
    after = pageInfo.endCursor;
  }
}

async function ask<Data>(
  { graphqlUrl, token, fetch }: CommentTarget,
  query: string,
  variables: Record<string, unknown>,
): Promise<Data> {
  const response = await fetch(graphqlUrl, {
    method: "POST",
    headers: {
      "Authorization": `Bearer ${token}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`HTTP ${response.status}: ${text.slice(0, 300)}`);
  }
  // What is not allowed is answered with 200 as well.
  const { data, errors } = JSON.parse(text);
  if (errors?.length > 0) {
    throw new Error(
      errors.map(({ message }: { message: string }) => message).join("; "),
    );
  }
  return data;
}
