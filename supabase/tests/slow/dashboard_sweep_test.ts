import { assertEquals, assertMatch } from "@std/assert";
import { serveDashboard } from "../../../scripts/dashboard/serve.ts";
import { dashboardTest } from "../e2e/dashboard_page.ts";

const QUESTIONS = 30;

/** Conversations of a month, each with the answer that was given then. */
function conversations(month: string): string {
  return Array.from({ length: QUESTIONS }, (_, index) =>
    JSON.stringify({
      id: `${month} ${index}`,
      messages: [
        { role: "user", content: `What is fact ${index} of ${month}?` },
        { role: "assistant", content: `The fact ${index} is well known` },
      ],
    })).join("\n");
}

dashboardTest(
  "a sweep over last month's archive with a ceiling of 5 USD, and is the cheaper model good enough: by what can be read on the page",
  async (
    { page, project, open, expectAccessible, takePicture, complaints },
  ) => {
    const { sql, model } = project;
    await project.upload("2026-09/chats.jsonl", conversations("2026-09"));
    await project.upload("2026-10/chats.jsonl", conversations("2026-10"));
    await sql`update model_endpoints set input_cost = 2, output_cost = 8, max_output_tokens = 200`;
    await sql`
      insert into model_endpoints (name, url, model, input_cost, output_cost, max_output_tokens)
      select 'cheap', url, 'small', 0.2, 0.8, 200 from model_endpoints
    `;
    model.configure({
      answer: (prompt, body) => {
        const fact = /\d+/.exec(prompt)?.[0] ?? "0";
        const isWrong = (body as { model: string }).model === "small" &&
          Number(fact) % 15 === 4;
        return `The fact ${fact} is ${isWrong ? "secret" : "well known"}`;
      },
    });

    // What does the archive of last month hold?
    await open("runs");
    await page.getByRole("link", { name: "Archives", exact: true }).click();
    await page.getByRole("table", { name: "Buckets" }).waitFor();
    await page.getByRole("link", { name: "archives", exact: true }).last()
      .click();
    await page.getByRole("link", { name: "2026-10/", exact: true }).click();
    await page.getByText("chats.jsonl").waitFor();
    await page.getByRole("link", { name: "Count prompts and price" }).click();
    const dry = page.getByRole("region", { name: "Dry run" });
    await dry.getByText("What is fact 0 of 2026-10?").waitFor();
    assertMatch(await dry.innerText(), /Prompts\s+30\s+Files\s+1\s/);
    assertMatch(await dry.innerText(), /cheap\s+\$0\.012\s+its own\s+500/);
    await page.reload();
    await dry.getByText("What is fact 0 of 2026-10?").waitFor();

    // A sweep over it.
    await page.getByRole("link", { name: "New run with these" }).click();
    await page.getByRole("heading", { name: "New run" }).waitFor();
    assertEquals(
      await page.getByLabel("Folder or file").inputValue(),
      "2026-10/",
    );
    const variant = (name: string) => page.getByRole("group", { name });
    await variant("Model").getByLabel("Endpoint").selectOption("model");
    await page.getByRole("button", { name: "Add a variant" }).click();
    await variant("Variant 1").getByLabel("Model", { exact: true })
      .fill("large");
    await variant("Variant 2").getByLabel("Endpoint").selectOption("cheap");
    await variant("Variant 2").getByLabel("Name of the variant").fill("small");
    await page.getByLabel("Answers to each prompt").fill("2");
    await page.getByLabel("Evaluators").fill("rouge-l, exakt");
    await page.getByLabel("Costs at most, USD").fill("5");
    await page.getByRole("link", { name: "Count prompts and price" }).click();
    await dry.getByText("30, each 2 times").waitFor();
    const start = page.getByRole("button", { name: "Start the sweep" });
    await start.click();
    // Refused beside the field that is wrong, one after the other.
    const name = page.getByLabel("Name", { exact: true });
    await page.getByText("it has no name that can be used").waitFor();
    assertEquals(await name.getAttribute("aria-invalid"), "true");
    await name.fill("tone");
    await start.click();
    const evaluators = page.getByLabel("Evaluators");
    await page.getByText("there is no evaluator", { exact: false }).waitFor();
    assertEquals(await evaluators.getAttribute("aria-invalid"), "true");
    await expectAccessible();
    await evaluators.fill("rouge-l, exact-match");
    await page.keyboard.press("Tab");
    await page.reload();
    assertEquals(await name.inputValue(), "tone");
    const statement = await page.getByLabel("SQL", { exact: true }).last()
      .innerText();
    await start.dblclick();

    // It is followed, and its money.
    await page.getByRole("heading", { name: /^Sweep \d+$/ }).waitFor();
    await page.getByText("2 of 2 done").waitFor({ timeout: 60_000 });
    await page.getByText(/^\$0\.\d+ of at most \$5\.00$/).waitFor();
    assertEquals(complaints.splice(0).length, 2);
    const columns =
      "name, source, variants, repetitions, evaluators, max_cost, parameters, options, template, tags, owner";
    await sql.unsafe(
      `${
        statement.replace("'tone'", "'again'")
      }; update pipeline_runs set status = 'paused'
       where experiment_name like 'again%' and finished_at is null`,
    );
    const [written, shown] = await sql.unsafe(
      `select ${columns} from pipeline_sweeps order by id`,
    );
    assertEquals({ ...shown, name: "tone" }, { ...written });

    // Is the cheaper one good enough?
    await open("sweeps");
    await page.getByRole("link", { name: /^\d+ tone$/ }).click();
    const best = page.getByRole("list").filter({ hasText: "an answer" });
    await best.getByText(/large 1: the highest mean/).waitFor();
    assertMatch(
      await best.innerText(),
      /small 0\.93\d?: against tone\/large: no difference seen .*\$0\.0000\d+ an answer, 9\d(\.\d)? % less/s,
    );
    assertMatch(
      await best.innerText(),
      /Of 2 answers to a prompt at least one passes with 93/,
    );
    await expectAccessible();
    await takePicture("sweep");
    const repetitions = page.getByRole("region", { name: "Repetitions" });
    await page.getByRole("link", { name: "open the repetitions of tone/small" })
      .click();
    await repetitions.getByRole("row").nth(2).waitFor();
    assertEquals(await repetitions.locator("tbody tr").count(), 2);
    await page.getByLabel("Compare tone/large").check();
    await page.getByLabel("Compare tone/small").check();
    await page.keyboard.press("c");
    await page.getByText(/exact-match: no difference seen/).waitFor();
    await page.goBack();
    await page.getByRole("link", { name: /^small: 0.93/ }).press("Enter");
    await page.getByRole("heading", { name: "Answers of tone/small" })
      .waitFor();
    await open("experiments");
    await page.getByRole("link", { name: /^tone\/small: 0.93/ }).waitFor();
    await expectAccessible();

    // Rows are three lines high on wish, everywhere.
    const row = page.locator("tbody tr").first();
    const height = async () => (await row.boundingBox())!.height;
    const low = await height();
    await page.keyboard.press("e");
    assertEquals(await height() > 2 * low, true);
    await open("sweeps");
    assertEquals(await height() > 2 * low, true);
    await page.keyboard.press("e");
    assertEquals(await height(), low);

    // The other one waits where it was left: it goes on, and ends, by keyboard.
    await page.getByRole("link", { name: /^\d+ again$/ }).click();
    await page.getByRole("button", { name: "Resume" }).waitFor();
    await page.keyboard.press("Shift+P");
    await page.getByText("2 of 2 done").waitFor({ timeout: 60_000 });

    // A saved set is looked at, version by version, and asked.
    await sql`select save_prompt_set('greetings', '["Good day", {"text": "Good night", "reference": "Sleep well"}]')`;
    await sql`select save_prompt_set('greetings', '["Good day", "Good night", "Good bye"]', description => 'with a farewell')`;
    await open("archives");
    await page.getByRole("link", { name: "greetings" }).first().click();
    await page.getByText("with a farewell").waitFor();
    await page.getByText("Good bye").waitFor();
    await page.getByRole("navigation", { name: "Version" })
      .getByRole("link", { name: "1" }).click();
    await page.getByText("Sleep well").waitFor();
    await page.getByText("Good bye").waitFor({ state: "detached" });
    await page.keyboard.press("d");
    await dry.getByText("cheap").waitFor();
    await page.getByRole("link", { name: "New run with these" }).click();
    await page.getByLabel("Endpoint").selectOption("model");
    await page.getByRole("button", { name: "Start the run" }).click();
    await page.getByText("2 of 2", { exact: true }).waitFor({
      timeout: 60_000,
    });
    await page.getByRole("link", { name: "Ask its prompts again" }).click();
    await page.getByLabel("Only those without an answer").check();
    await page.getByText(/"onlyUnanswered":true/).waitFor();

    // Who may only look sees nothing that would be refused.
    const readOnly = await serveDashboard(project, { port: 0, readOnly: true });
    try {
      const { origin } = new URL(readOnly.url);
      await page.goto("about:blank");
      const other = await page.context().browser()!.newPage();
      await other.goto(readOnly.url);
      await other.getByRole("link", { name: "Sweeps" }).click();
      await other.getByRole("link", { name: /^\d+ tone$/ }).click();
      await other.getByText("2 of 2 done").waitFor();
      assertEquals(await other.getByText(/New (run|sweep)/).count(), 0);
      assertEquals(
        await other.getByRole("button", { name: "Cancel" }).count(),
        0,
      );
      await other.goto(`${origin}/#/new?bucket=archives`);
      await other.getByText("This dashboard only reads").waitFor();
      await other.getByText("insert into pipeline_runs").waitFor();
      assertEquals(
        await other.getByRole("button", { name: /Start/ }).count(),
        0,
      );
      await other.close();
    } finally {
      await readOnly.stop();
    }
  },
);
