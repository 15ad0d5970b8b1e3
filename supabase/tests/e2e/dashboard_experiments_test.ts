import { assertEquals } from "@std/assert";
import { dashboardTest } from "./dashboard_page.ts";

dashboardTest(
  "of 60 experiments the newest are there before anything is added up, and the others a page on",
  async ({ page, project, open, expectAccessible }) => {
    await project.sql`
      insert into pipeline.experiments (name, created_at)
      select 'night ' || n, '2026-01-01'::timestamptz + n * interval '1 day' from generate_series(1, 60) as n
    `;
    await project.sql`
      with stored as (
        insert into prompt_evaluations (
          experiment_name, prompt_key, prompt, response, success, model, duration_ms, cost
        )
        select 'night ' || n, 'p' || k, 'p', 'r', true, 'small', 100 * k, 0.001 * n
        from generate_series(1, 60) as n, generate_series(1, 3) as k
        returning id
      )
      insert into evaluation_scores (evaluation_id, evaluator, score)
      select id, 'exact', id % 2 from stored
    `;
    // As of answers by the million.
    const summed = Promise.withResolvers<void>();
    await page.route("**/rpc/summarize_experiments", async (route) => {
      await summed.promise;
      await route.continue();
    });
    await page.getByRole("link", { name: "Experiments" }).click();
    const rows = page.getByRole("table", { name: "Experiments" })
      .locator("tbody tr");
    await rows.nth(24).waitFor();
    assertEquals(await rows.count(), 25);
    assertEquals(
      (await rows.first().innerText()).replaceAll(/\s+/g, " ").slice(0, 8),
      "night 60",
    );
    await page.getByText("Loading …").waitFor();
    summed.resolve();
    await rows.first().getByText("small").waitFor();
    await page.getByRole("heading", { name: "Quality and cost" }).waitFor();
    await rows.first().getByText("$0.18", { exact: true }).waitFor();
    await expectAccessible();

    // What is ticked stays ticked.
    await page.getByLabel("Compare night 60").check();
    await page.getByRole("link", { name: "Older" }).click();
    await page.getByLabel("Compare night 35").check();
    await page.getByRole("link", { name: "Compare night 35 with night 60" })
      .waitFor();
    await page.getByRole("link", { name: "Older" }).click();
    await rows.nth(9).waitFor();
    assertEquals(await rows.count(), 10);
    assertEquals(await page.getByRole("link", { name: "Older" }).count(), 0);
    await expectAccessible();
    await page.getByRole("link", { name: "Newest" }).click();
    await rows.nth(24).waitFor();

    await open("agreement");
    await page.locator('datalist option[value="exact"]').waitFor({
      state: "attached",
    });
  },
);
