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
      // Of tables those that are registered for users, their own rows only.
      await project.sql.unsafe(`
          create table public.chats (id int primary key, user_id uuid, chat_id int, role text, content text, created_at timestamptz);
          insert into public.chats values
            (1, '${reader}', 1, 'user', 'What is a tree?', '2026-01-01 10:00Z'),
            (2, '${crypto.randomUUID()}', 2, 'user', 'Is this secret?', '2026-01-01 10:00Z');
          grant select on public.chats to service_role;
          select register_prompt_source('{"type": "table", "table": "public.chats"}', 'user_id');
          insert into pipeline_watches (name, source, evaluators)
          values ('of the chats', '{"type": "table", "table": "public.chats"}', '[{"type": "length", "max": 9}]');
        `);
      await page.getByRole("link", { name: "Tables" }).click();
      await page.getByText("Only the project's owner sees").waitFor();
      await page.getByLabel("Table").fill("public.chats");
      await page.getByRole("button", { name: "Look at it" }).click();
      await page.getByText("What is a tree?").waitFor();
      assertEquals(await page.getByText("Is this secret?").count(), 0);
      await page.getByRole("link", { name: "Watches" }).click();
      await page.getByRole("link", { name: "of the chats" }).click();
      await page.getByText("length", { exact: true }).first().waitFor();
      assertEquals(
        await page.getByRole("button", { name: /Pause|Resume/ }).count(),
        0,
      );
      await page.goto(`${url}#/new-watch?table=public.chats&name=mine`);
      await page.getByText("insert into pipeline_watches").waitFor();
      assertEquals(
        await page.getByRole("button", { name: /Start/ }).count(),
        0,
      );
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
