import { assertEquals, assertMatch } from "@std/assert";
import { dashboardTest } from "./dashboard_page.ts";

dashboardTest(
  "why did 7 prompts fail, and retry them: by what can be read on the page",
  async ({ page, project, open, expectAccessible }) => {
    const prompts = Array.from(
      { length: 20 },
      (_, index) =>
        index < 7
          ? `Refused once ${index} [[fault:filtered-400x1]]`
          : `Question ${index}`,
    );
    const id = await project.startRun({ type: "prompts", prompts }, {
      experiment_name: "nightly",
    });
    await project.untilOver(id);

    await open("runs");
    await page.getByRole("row", { name: /nightly/ }).click();
    await page.getByRole("heading", { name: `Run ${id}` }).waitFor();
    const failures = page.getByRole("region", { name: "Errors by kind" });
    assertMatch(await failures.innerText(), /permanent: .*7\s+failed/s);
    await expectAccessible();

    await page.getByRole("link", { name: "Answers" }).click();
    await page.getByRole("link", { name: "failed", exact: true }).click();
    // The table of all answers has those that failed, too.
    await page.getByText("Question 7").first().waitFor({ state: "detached" });
    await page.getByText("Refused once 0").first().waitFor();
    assertEquals(
      await page.getByRole("table", { name: "Answers" }).locator("tbody tr")
        .count(),
      7,
    );
    await page.goBack();
    await page.goBack();

    await page.getByRole("button", { name: "Retry 7 failed" }).click();
    await page.getByText("20 of 20").waitFor();
    await page.getByText("completed").waitFor();
    await page.getByRole("button", { name: /Retry/ }).waitFor({
      state: "detached",
      timeout: 20_000,
    });
    assertEquals((await project.run(id)).failed, 0);
  },
);

dashboardTest(
  "a run is followed while it goes on, and paused and resumed by keyboard",
  async ({ page, project, open }) => {
    const prompts = Array.from(
      { length: 60 },
      (_, index) => `Slow ${index} [[latency:400]]`,
    );
    const id = await project.startRun({ type: "prompts", prompts }, {
      max_concurrency: 4,
    });
    await open(`runs/${id}`);
    await page.keyboard.press("Shift+P");
    await page.getByText("paused").waitFor();
    assertEquals((await project.run(id)).status, "paused");

    await page.getByRole("button", { name: "Resume" }).waitFor();
    await page.keyboard.press("Shift+P");
    await page.getByText("running").waitFor();
    await page.getByText("completed").waitFor({ timeout: 60_000 });
    await page.getByText("60 of 60").waitFor();
  },
);

dashboardTest(
  "the state of a page outlives a reload and the browser's back",
  async ({ page, project, open }) => {
    const id = await project.startRun({
      type: "prompts",
      prompts: ["What is a lease?", "What is a slot?"],
    });
    await project.untilOver(id);
    await open(`runs/${id}/answers`);
    await page.keyboard.press("/");
    await page.keyboard.type("lease");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "What is a slot?" }).waitFor({
      state: "detached",
    });
    await page.keyboard.press("Escape");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    const panel = page.getByRole("complementary");
    await panel.getByText("What is a lease?").first().waitFor();

    await page.reload();
    await panel.getByText("What is a lease?").first().waitFor();
    assertEquals(await page.getByRole("searchbox").inputValue(), "lease");

    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
    await page.goBack();
    await panel.waitFor();
  },
);
