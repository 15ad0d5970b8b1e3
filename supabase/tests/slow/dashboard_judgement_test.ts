import { assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { dashboardTest, watchPage } from "../e2e/dashboard_page.ts";
import type { Project } from "../e2e/project.ts";
import { hostDashboard, signIn } from "../e2e/static_host.ts";

dashboardTest(
  "30 answers are graded by keyboard alone",
  async ({ page, project, open, expectAccessible }) => {
    const id = await project.startRun({
      type: "prompts",
      prompts: Array.from({ length: 30 }, (_, index) => `Question ${index}`),
    });
    await project.untilOver(id);
    await open(`runs/${id}/answers`);
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    const panel = page.getByRole("complementary");
    const heading = panel.getByRole("heading", { level: 2 });
    for (let graded = 0; graded < 30; graded++) {
      const title = await heading.innerText();
      await panel.getByRole("heading", { name: "Prompt" }).waitFor();
      if (graded === 0) {
        // What stands behind a dialog is not pressed.
        await page.keyboard.press("?");
        await page.getByRole("dialog", { name: "Keys" }).getByText("Fail")
          .waitFor();
        await page.keyboard.press("2");
        await page.keyboard.press("n");
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "hidden" });
        assertEquals(await heading.innerText(), title);
        await page.keyboard.press("r");
        await page.keyboard.type("too short");
        await page.keyboard.press("Escape");
      }
      await page.keyboard.press(graded % 3 === 0 ? "2" : "1");
      if (graded === 29) break;
      await page.waitForFunction(
        ([selector, title]) =>
          // deno-lint-ignore no-explicit-any
          (globalThis as any).document.querySelector(selector)?.textContent !==
            title,
        ["aside h2", title],
      );
    }
    await panel.getByRole("button", { name: "Pass", pressed: true }).waitFor();
    await expectAccessible();
    const labels = await project.sql`
      select passed, remark, count(*)::integer from evaluation_labels
      group by passed, remark order by passed, remark nulls first
    `;
    assertEquals(labels.map((row) => ({ ...row })), [
      { passed: false, remark: null, count: 9 },
      { passed: false, remark: "too short", count: 1 },
      { passed: true, remark: null, count: 20 },
    ]);
  },
);

dashboardTest(
  "which 20 answers got worse, what did the judge say, and send it to a colleague: by what can be read on the page",
  async ({ page, project, open, expectAccessible, takePicture }) => {
    const { sql, model } = project;
    const prompts = Array.from(
      { length: 40 },
      (_, index) => ({
        text: `Question ${index}`,
        reference: `Answer ${index}`,
      }),
    );
    const evaluators = sql.json([{ type: "rouge-l" }, { type: "exact-match" }]);
    model.configure({
      answer: (prompt) => prompt.replace("Question", "Answer"),
    });
    const before = await project.startRun({ type: "prompts", prompts }, {
      experiment_name: "old",
      evaluators,
    });
    await project.untilOver(before);
    model.configure({
      answer: (prompt) =>
        prompt.replace(
          "Question",
          Number(prompt.slice(9)) < 20 ? "Guess" : "Answer",
        ),
    });
    const now = await project.startRun({ type: "prompts", prompts }, {
      experiment_name: "new",
      evaluators,
    });
    await project.untilOver(now);
    await sql`
      update evaluation_scores set explanation = 'The word is another'
      where evaluator = 'exact-match' and not passed
    `;

    await open("experiments");
    await page.getByLabel("Compare old").check();
    await page.getByLabel("Compare new").check();
    await expectAccessible();
    await page.keyboard.press("c");
    await page.getByRole("link", { name: "exact-match" }).click();
    await page.getByText(/0 now pass, 20 no longer/).waitFor();
    const pairs = page.getByRole("table", { name: "Prompts of both" });
    await pairs.getByText("Question 0", { exact: true }).waitFor();
    assertEquals(await pairs.locator("tbody tr").count(), 20);
    await expectAccessible();
    await takePicture("compare");

    await pairs.getByText("Question 7", { exact: true }).click();
    const panel = page.getByRole("complementary");
    await panel.getByText("The word is another").waitFor();
    assertMatch(await panel.innerText(), /Answer 7/);
    assertEquals(await panel.locator("ins").innerText(), "Guess");
    assertEquals(await panel.locator("del").innerText(), "Answer");
    await expectAccessible();
    await page.reload();
    await panel.getByText("The word is another").waitFor();

    const download = page.waitForEvent("download");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Save as a file" }).click();
    const folder = await Deno.makeTempDir();
    const path = `${folder}/new against old.html`;
    await (await download).saveAs(path);
    await expectReadableAlone(page, path, project);
    const { success, stdout, stderr } = await runPipeline(
      ["export", "new", "--format", "html", "--baseline", "old"],
      project,
    );
    assertEquals(success, true, new TextDecoder().decode(stderr));
    await Deno.writeFile(path, stdout);
    await expectReadableAlone(page, path, project);
    await Deno.remove(folder, { recursive: true });
  },
);

dashboardTest(
  "is the cheaper model good enough: from two inserts to the answer by keyboard alone",
  async ({ page, project, open, expectAccessible }) => {
    const { sql, model } = project;
    await sql`
      insert into model_endpoints (name, url, model, input_cost, output_cost)
      select name, ${`${model.url}/v1/chat/completions`}, name, cost, cost
      from (values ('dear', 10), ('cheap', 0.1)) as priced (name, cost)
    `;
    const prompts = Array.from({ length: 40 }, (_, index) => ({
      text: `Question ${index}`,
      reference: `Answer ${index}`,
    }));
    model.configure({
      answer: (prompt, body) =>
        (body as { model: string }).model === "cheap" && prompt.endsWith(" 9")
          ? "I do not know"
          : prompt.replace("Question", "Answer"),
    });
    for (const endpoint of ["dear", "cheap"]) {
      await project.startRun({ type: "prompts", prompts }, {
        endpoint,
        experiment_name: endpoint,
        evaluators: sql.json([{ type: "exact-match" }]),
      });
    }
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };

    await open("runs");
    const runs = page.getByRole("table", { name: "Runs" });
    await runs.getByText("completed").nth(1).waitFor();
    await press("g", "e");
    const experiments = page.getByRole("table", { name: "Experiments" });
    await experiments.getByRole("columnheader", { name: "exact-match" })
      .waitFor();
    // The newest first: cheap is now, dear was before.
    await press("j", "j", "x");
    await page.getByText("before", { exact: true }).waitFor();
    await press("k", "x");
    await page.getByRole("link", { name: "Compare cheap with dear" }).waitFor();
    await press("c");
    await page.getByRole("heading", { name: "Compare" }).waitFor();
    const said = page.locator(".sentence");
    await said.getByText(/cheaper in all/).waitFor();
    await press("j", "j", "Enter");
    await said.getByText(/1 no longer/).waitFor();
    const text = await said.innerText();
    assertMatch(text, /exact-match: .*0 now pass, 1 no longer/);
    assertMatch(
      text,
      /95 % interval .* to .*; 40 prompts show a difference of/,
    );
    await expectAccessible();
  },
);

dashboardTest(
  "two people label the answers of a queue by keyboard, and what they and the judge see differently is read side by side",
  async ({ page, project, open, expectAccessible, takePicture }) => {
    const { sql, model } = project;
    // The judge passes eight of ten.
    model.configure({
      answer: (prompt) =>
        /[37]$/.test(prompt) ? "No idea" : prompt.replace("Question", "Answer"),
    });
    const id = await project.startRun({
      type: "prompts",
      prompts: Array.from({ length: 30 }, (_, index) => ({
        text: `Question ${index}`,
        reference: `Answer ${index}`,
      })),
    }, {
      experiment_name: "nightly",
      evaluators: sql.json([{ type: "exact-match", name: "strict" }]),
    });
    await project.untilOver(id);
    await sql`
      update evaluation_scores set explanation = 'Not the words of the reference'
      where not passed
    `;

    // A queue is made from the experiment, with the SQL shown.
    await open("experiments/nightly/answers");
    await page.getByRole("link", { name: "Have people label some" }).click();
    await page.getByLabel("Evaluator to be measured").fill("strict");
    await page.getByLabel("Instructions").fill(
      "Pass what **answers the question**, in whatever words.",
    );
    await page.getByLabel("Name of the queue").fill("weekly look");
    await page.getByLabel("People each").fill("2");
    await page.getByLabel("Answers", { exact: true }).fill("10");
    await page.getByLabel("Chosen").selectOption("at random");
    await page.getByText("evaluator => 'strict'").waitFor();
    await expectAccessible();
    await page.getByRole("button", { name: "Make the queue" }).click();
    await page.getByText("answers the question").waitFor();

    // Labelled by keyboard alone. What is asked is what one sees.
    const item = page.getByRole("article");
    const verdicts = page.getByRole("group", { name: "Label" });
    const done = page.getByRole("progressbar", { name: "Labelled by you" });
    const untilDone = (count: number) =>
      page.locator(`[aria-label="Labelled by you"][aria-valuenow="${count}"]`)
        .waitFor();
    await item.getByText("Question").waitFor();
    assertEquals(await page.getByText("simulated").count(), 0);
    await page.mouse.move(0, 0);
    await page.keyboard.press("m");
    await expectAccessible();
    await page.keyboard.press("m");
    // No key is of two things.
    const keys = await page.locator("[data-key]").evaluateAll((elements) =>
      elements.map((element) => element.getAttribute("data-key"))
    );
    assertEquals(keys.length, new Set(keys).size);
    await takePicture("labels");
    const asked = await item.getByText("Question").innerText();
    // A remark is words, whatever its letters would press, and survives a reload.
    await page.keyboard.press("r");
    await page.keyboard.type("1 2 s u says nothing");
    await page.reload();
    await item.getByText(asked, { exact: true }).waitFor();
    assertEquals(
      await page.getByLabel("Remark").inputValue(),
      "1 2 s u says nothing",
    );
    await page.keyboard.press("Escape");
    await page.keyboard.press("c");
    await page.locator("textarea:focus").waitFor();
    await page.keyboard.type(" As it should be.");
    await page.keyboard.press("Escape");
    await page.keyboard.press("2");
    await untilDone(1);
    await page.keyboard.press("u");
    await item.getByText(asked, { exact: true }).waitFor();
    await verdicts.getByRole("button", { name: "Fail", pressed: true })
      .waitFor();
    assertEquals(
      await page.getByLabel("Remark").inputValue(),
      "1 2 s u says nothing",
    );
    await page.keyboard.press("2");
    await untilDone(1);
    await page.keyboard.press("s");
    await page.getByText("1 skipped").waitFor();
    // What was skipped comes back last.
    for (let labelled = 1; labelled < 10; labelled++) {
      await page.keyboard.press("1");
      await untilDone(labelled + 1);
    }
    await page.getByText("Nothing is left for you").waitFor();
    assertEquals(await done.getAttribute("aria-valuemax"), "10");
    await expectAccessible();
    // A second person labels the same, signed in, and sees nothing else.
    const reviewer = crypto.randomUUID();
    await using host = await hostDashboard(project);
    const second = await (await page.context().browser()!.newContext({
      viewport: { width: 390, height: 800 },
    })).newPage();
    const complaints = watchPage(
      second,
      [host.url, project.url].map((url) => new URL(url).origin),
    );
    await second.goto(host.url);
    await signIn(second, project, reviewer, ["label"]);
    await second.getByRole("link", { name: "weekly look" }).click();
    for (let labelled = 0; labelled < 10; labelled++) {
      await second.locator(
        `[aria-label="Labelled by you"][aria-valuenow="${labelled}"]`,
      ).waitFor();
      await second.getByRole("article").getByText("Question").waitFor();
      await second.keyboard.press("1");
    }
    await second.getByText("Nothing is left for you").waitFor();
    assertEquals(
      await second.getByRole("link", { name: "Agreement" }).count(),
      0,
    );
    await second.getByRole("link", { name: "Runs" }).click();
    await second.getByText("No run yet").waitFor();
    assertEquals(complaints, []);
    await second.context().close();

    // Where do people and the judge differ, and what is the pass rate?
    await page.getByRole("link", { name: "Agreement" }).click();
    await page.getByText("10 answers chosen at random").waitFor();
    await page.getByText(/not corrected: too few labels: 10/).waitFor();
    const differing = page.getByRole("table", {
      name: "Answers they disagree about",
    });
    await differing.getByText("Question", { exact: false }).first().waitFor();
    await expectAccessible();
    await takePicture("agreement");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    const panel = page.getByRole("complementary");
    await panel.getByText("Not the words of the reference").waitFor();
    assertEquals(await panel.getByText(reviewer).count(), 1);
    await expectAccessible();
    await panel.getByRole("link", { name: "Open the answer" }).click();
    await page.getByRole("heading", { name: "Answers of nightly" }).waitFor();
    await panel.getByText("Not the words of the reference").waitFor();
    await page.goBack();
    await page.getByRole("complementary", { name: "Judge and people" })
      .waitFor();
    await page.keyboard.press("Escape");

    // What was corrected becomes the reference of the next version of a set.
    await page.getByText("Corrected answers become references").click();
    await page.getByLabel("Set", { exact: true }).fill("golden");
    await page.getByText("save_corrected_responses").waitFor();
    await page.getByRole("button", { name: "Save the set" }).click();
    await page.getByRole("link", { name: "Version 1 of golden" }).click();
    await page.getByText("As it should be.").waitFor();

    // With labels enough the rate is corrected, and says how surely.
    await sql`
      insert into evaluation_labels (evaluation_id, person, passed, chosen, evaluator)
      select id, 'somebody', id % 5 > 0, 'random', 'strict' from prompt_evaluations
      where id not in (select evaluation_id from evaluation_labels)
    `;
    await open("agreement?evaluator=strict&experiment=nightly");
    await page.getByText(/By 30 labelled answers it is .* 95 % certainty/)
      .waitFor();

    // A queue ends, its labels stay.
    await open("labels");
    await page.getByRole("link", { name: "weekly look", exact: true }).click();
    page.removeAllListeners("dialog").on("dialog", (asked) => asked.accept());
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByText("This queue is closed").waitFor();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByText("Nothing is queued for you").waitFor();
    const [{ count }] = await sql`select count(*)::int from evaluation_labels`;
    assertEquals(count, 40);
  },
);

/** Opens a saved comparison from the disk, without a network. */
async function expectReadableAlone(
  opener: Page,
  path: string,
  { secretKey, url }: Project,
): Promise<void> {
  const text = await Deno.readTextFile(path);
  assertEquals(text.includes(secretKey) || text.includes(url), false);
  const alone = await opener.context().browser()!.newContext({ offline: true });
  const page = await alone.newPage();
  const complaints = watchPage(page, ["file:"]);
  await page.goto(`file://${encodeURI(path)}`);
  await page.getByRole("link", { name: "exact-match" }).click();
  await page.getByText(/0 now pass, 20 no longer/).waitFor();
  // What the file has not is not offered.
  assertEquals(
    await page.getByRole("link", { name: /^(new|old)$/ }).count(),
    0,
  );
  await page.getByText("Question 7", { exact: true }).click();
  await page.getByText("The word is another").waitFor();
  assertEquals(complaints, []);
  await alone.close();
}

function runPipeline(
  args: string[],
  { url, secretKey }: Project,
): Promise<Deno.CommandOutput> {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "scripts/pipeline.ts", ...args],
    env: { SUPABASE_URL: url, SUPABASE_SECRET_KEY: secretKey },
  }).output();
}
