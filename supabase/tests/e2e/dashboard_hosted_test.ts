import { assertEquals } from "@std/assert";
import { createClient } from "@supabase/supabase-js";
import { join } from "node:path";
import { browserTest } from "../../../scripts/test/browser.ts";
import { watchPage } from "./dashboard_page.ts";
import { withProject } from "./project.ts";
import { hostDashboard, signIn } from "./static_host.ts";

browserTest(
  "the dashboard on a static host: who signs in sees their own runs, a reader those of the project, which whoever may label grades",
  (browser) =>
    withProject(async (project) => {
      const auth = createClient(project.url, project.publishableKey, {
        auth: { persistSession: false },
      }).auth;
      const { error } = await auth.signUp({
        email: "user@example.com",
        password: "a long password",
      });
      assertEquals(error, null);
      const id = await project.startRun(
        { type: "prompts", prompts: ["What is a lease?"] },
        { experiment_name: "of the project" },
      );
      await project.untilOver(id);
      await project
        .sql`select save_prompt_set('of all', '["What is a slot?"]')`;
      await using host = await hostDashboard(project);
      const { url } = host;
      for await (const { name } of Deno.readDir(host.folder)) {
        const text = await Deno.readTextFile(join(host.folder, name));
        assertEquals(text.includes(project.secretKey), false, name);
      }
      const page = await (await browser.newContext()).newPage();
      const complaints = watchPage(
        page,
        [url, project.url].map((url) => new URL(url).origin),
      );
      await page.goto(url);
      await page.getByLabel("Email").fill("user@example.com");
      await page.getByLabel("Password").fill("wrong");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("status").filter({ hasText: /./ }).waitFor();
      await page.getByLabel("Password").fill("a long password");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("No run yet").waitFor();
      await page.reload();
      await page.getByText("No run yet").waitFor();
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByLabel("Email").waitFor();

      const reader = crypto.randomUUID();
      const signInAs = (pipeline: string[]) =>
        signIn(page, project, reader, pipeline);
      await signInAs(["read"]);
      await page.getByText("of the project").click();
      await page.getByRole("link", { name: "Answers" }).click();
      await page.getByText("What is a lease?").first().waitFor();
      assertEquals(
        await page.getByRole("button", { name: "Cancel" }).count(),
        0,
      );
      assertEquals(await page.getByText(/New run|again/).count(), 0);
      await page.getByRole("link", { name: "Archives" }).click();
      await page.getByText("No bucket that you may see").waitFor();
      await page.getByRole("link", { name: "of all" }).click();
      await page.getByText("What is a slot?").waitFor();
      await page.goto(`${url}#/new?from=set&set=of all`);
      await page.getByText("This dashboard only reads").waitFor();
      await page.getByText("insert into pipeline_runs").waitFor();
      assertEquals(
        await page.getByRole("button", { name: /Start/ }).count(),
        0,
      );

      await page.goto(`${url}#/runs/${id}/answers`);
      await page.getByText("What is a lease?").first().click();
      const panel = page.getByRole("complementary");
      await panel.getByRole("heading", { name: "Prompt" }).waitFor();
      const pass = panel.getByRole("button", { name: "Pass" });
      assertEquals(await pass.count(), 0);
      await signInAs(["read", "label"]);
      await pass.waitFor();
      await page.keyboard.press("1");
      await panel.getByRole("button", { name: "Pass", pressed: true })
        .waitFor();
      assertEquals([
        ...await project.sql`
        select person, passed from evaluation_labels
      `,
      ], [{ person: reader, passed: true }]);
      // A wrong password is answered 400, which the console tells.
      assertEquals(complaints.filter((text) => !text.includes("400")), []);
    }),
);
