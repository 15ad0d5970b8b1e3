import { assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { dashboardTest, watchPage } from "../e2e/dashboard_page.ts";
import type { Project } from "../e2e/project.ts";

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
    // In the order of their names: cheap is now, dear was before.
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
