import type {
  Assignment,
  StageDependencies,
  StageOfWork,
} from "./assignment.ts";
import type { CachedAnswer, JudgeRequest } from "./ask_judge.ts";
import type { EmbedRequest } from "./compare_texts.ts";
import { createJudgeHandler } from "./judge_responses.ts";
import { openEndpoint } from "./open_endpoint.ts";
import { withEvaluators } from "./with_evaluators.ts";

/**
 * A task reads its row before it calls, and asks for an opponent or an answer that is known: two to
 * four times the processor time of a plain call.
 */
const CALLS_PER_WORKER = 1_000;

/** Connects stage judge to the database and the judge's endpoint. */
export function createJudgeStage(
  assignment: Assignment,
  dependencies: StageDependencies,
): StageOfWork {
  const { workerId, run, endpoint } = assignment;
  const { database, use } = dependencies;
  const findCached = (
    request: JudgeRequest | EmbedRequest,
    repetition: number,
  ): Promise<CachedAnswer | null> =>
    database.call("pipeline_find_cached_call", {
      worker_id: workerId,
      request,
      repetition,
    });
  return withEvaluators(assignment, dependencies, (evaluation) => {
    const judge = createJudgeHandler({
      ...evaluation,
      caller: openEndpoint(endpoint!, run.owner, dependencies),
      findAnswer: run.options.cache === true ? findCached : undefined,
      embedder: openEndpoint(endpoint!, run.owner, dependencies, {
        embeds: true,
      }),
      ownModel: endpoint!.model ?? undefined,
      // A text has one vector, however often it is met.
      findVector: async (request) =>
        (await findCached(request, 1))?.response ?? null,
    });
    return {
      handle(task, worker) {
        use(1 / CALLS_PER_WORKER);
        return judge(task, worker);
      },
    };
  });
}
