import { assert, assertEquals, assertMatch } from "@std/assert";
import { numberedPrompts, type Project, withProject } from "../e2e/project.ts";

/** What the Data API answers to a signed-in reviewer. */
async function asReviewer(project: Project, userId: string) {
  const token = await project.createUserToken(userId, {
    app_metadata: { pipeline: ["label"] },
  });
  return async (path: string, body?: object) => {
    const response = await fetch(`${project.url}/rest/v1/${path}`, {
      method: body ? "POST" : "GET",
      headers: {
        apikey: project.publishableKey,
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
      },
      body: body && JSON.stringify(body),
    });
    const answer = await response.json();
    assertEquals(response.ok, true, JSON.stringify(answer));
    return answer;
  };
}

Deno.test("two reviewers label 60 of 300 answers, and the rate of a judge that errs is corrected", () =>
  withProject(async (project) => {
    const { sql } = project;
    project.model.configure({
      answer(prompt) {
        const [, judged, truth] =
          /Answer (\d+) is (right|wrong)/.exec(prompt) ??
            [];
        if (truth) {
          const errs = Number(judged) % (truth === "right" ? 8 : 4) === 1;
          return JSON.stringify({
            score: (truth === "right") !== errs ? 5 : 1,
          });
        }
        const number = Number(/\d+/.exec(prompt)![0]);
        return `Answer ${number} is ${number % 10 < 7 ? "right" : "wrong"}`;
      },
    });
    const id = await project.startRun(
      { type: "prompts", prompts: numberedPrompts(300, "question") },
      {
        experiment_name: "labelled",
        evaluators: sql.json([{
          type: "rubric",
          rubric: "Is it right?",
          endpoint: "model",
          name: "judge",
        }]),
      },
    );
    await project.untilOver(id);
    const [{ queue }] = await sql`
      select (create_evaluation_label_queue(
        'walk', 'labelled', evaluator => 'judge', items => 60, people => 2
      )).id as queue
    `;
    for (
      const userId of [
        "11111111-1111-4111-8111-111111111111",
        "22222222-2222-4222-8222-222222222222",
      ]
    ) {
      const ask = await asReviewer(project, userId);
      assertEquals(await ask("prompt_evaluations"), []);
      for (let labelled = 0; labelled < 60; labelled++) {
        const { items: [item] } = await ask("rpc/claim_evaluation_label", {
          queue_id: queue,
        });
        assertMatch(item.prompt.text, /^question \d+$/);
        await ask("rpc/submit_evaluation_label", {
          item_id: item.id,
          passed: item.responses[0].response.endsWith("right"),
        });
      }
      const { items, progress } = await ask("rpc/claim_evaluation_label", {
        queue_id: queue,
      });
      assertEquals([items, progress.mine, progress.open], [[], 60, 0]);
      const labels = await ask("evaluation_labels?select=person");
      assertEquals(labels.length, 60);
    }
    const [scores] = await sql`
      select pass_rate, corrected_rate, corrected_low, corrected_high, corrected_by, labelled::integer
      from experiment_scores where experiment_name = 'labelled' and evaluator = 'judge'
    `;
    assertEquals([scores.corrected_by, scores.labelled], ["verdict", 60]);
    assert(
      scores.corrected_low < 0.7 && scores.corrected_high > 0.7,
      JSON.stringify(scores),
    );
    const [{ agreement }] = await sql`
      select evaluation_agreement('judge', 'quality', 'labelled') as agreement
    `;
    assertEquals(agreement.people.length, 2);
    assertEquals(agreement.alpha_of_people.value, 1);
    assertEquals(agreement.confusion.is_weighted, true);
    assert(agreement.disagreements.length > 0);
  }));
