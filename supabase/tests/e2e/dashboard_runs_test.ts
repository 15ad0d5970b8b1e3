import { assert, assertEquals, assertMatch } from "@std/assert";
import { dashboardTest } from "./dashboard_page.ts";
import { numberedPrompts } from "./project.ts";

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
  "a run is followed while it goes on, through 429s, a pause by keyboard and the death of Postgres",
  async ({ page, project, open, complaints }) => {
    project.model.configure({ retryAfter: "3" });
    const prompts = Array.from(
      { length: 60 },
      (_, index) =>
        `Slow ${index} [[latency:400]]${index === 0 ? " [[fault:429x1]]" : ""}`,
    );
    const id = await project.startRun({ type: "prompts", prompts }, {
      max_concurrency: 4,
    });
    await open(`runs/${id}`);
    await page.getByText("Endpoint rests until").waitFor();
    await page.getByText(/^[1-9]\d* of 60/).waitFor();

    await page.keyboard.press("Shift+P");
    await page.getByText("paused").waitFor();
    assertEquals((await project.run(id)).status, "paused");
    await page.getByRole("button", { name: "Resume" }).waitFor();
    await page.keyboard.press("Shift+P");
    await page.getByRole("button", { name: "Pause" }).waitFor();
    assertEquals((await project.run(id)).status, "running");

    // A server that is back before the page looks again is missed by it: the Data API needs longer.
    const reconnecting = page.getByText("reconnecting");
    let isSeen = false;
    for (let deaths = 0; !isSeen && deaths < 20; deaths++) {
      const seen = reconnecting.waitFor({ timeout: 4_000 })
        .then(() => true, () => false);
      await Promise.all([project.kill("postgres"), project.kill("rest")]);
      isSeen = await seen;
    }
    assert(isSeen, "the page says that it reconnects");
    // What was known stays.
    assertMatch(
      await page.getByRole("region", { name: "Figures" }).innerText(),
      /\d of 60/,
    );
    await project.ready();
    await project.endLeases();
    await reconnecting.waitFor({ state: "detached" });
    await page.getByText("completed").waitFor({ timeout: 60_000 });
    await page.getByText("60 of 60").waitFor();
    assertMatch(
      await page.getByRole("region", { name: "Errors by kind" }).innerText(),
      /tried again.*HTTP 429/s,
    );
    // The console tells of every answer that was an error.
    assertEquals(
      complaints.splice(0).filter((text) => !/status of 50\d/.test(text)),
      [],
    );
  },
  // Postgres is killed, which the next test of a shared stack could miss something of.
  { renewable: false },
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

dashboardTest(
  "three tabs that follow a run ask once a second together, and take Postgres no time",
  async ({ page, project, open }) => {
    const { sql } = project;
    // No worker and no maintenance: they would be counted as well.
    project.setWakes("off");
    await sql`update cron.job set active = false`;
    const id = await project.startRun({
      type: "prompts",
      prompts: numberedPrompts(9),
    });
    const place = `runs/${id}`;
    await open(place);
    const tabs = [page];
    while (tabs.length < 3) {
      const tab = await page.context().newPage();
      await tab.goto(page.url());
      await tab.getByText("0 of 9").waitFor();
      tabs.push(tab);
    }
    const readBusyMs = async () => {
      const [{ busy }] = await sql`
        select active_time::float8 as busy from pg_stat_database where datname = current_database()
      `;
      return busy;
    };
    /** When the tabs ask the next six times. */
    async function nextSix(): Promise<number[]> {
      const asked: number[] = [];
      const enough = Promise.withResolvers<void>();
      const count = () => {
        if (asked.push(performance.now()) === 6) enough.resolve();
      };
      for (const tab of tabs) tab.on("request", count);
      await enough.promise;
      for (const tab of tabs) tab.off("request", count);
      return asked;
    }
    // Connections that have only just begun read the catalogue first, and tell it seconds later.
    await nextSix();
    await nextSix();
    const before = await readBusyMs();
    const asked = await nextSix();
    const seconds = (asked[5] - asked[0]) / 1_000;
    assert(seconds >= 4.5, `six requests within ${seconds} s`);
    const busyMs = await readBusyMs() - before;
    assert(busyMs <= 20 * seconds, `${busyMs} ms of statements`);
    await sql`update pipeline_runs set succeeded = 4 where id = ${id}`;
    for (const tab of tabs) await tab.getByText("4 of 9").waitFor();
  },
);
