import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Locator } from "playwright-core";
import { dashboardTest } from "../e2e/dashboard_page.ts";

dashboardTest(
  "which table holds the conversations, what would be asked of it, and ask it: by what can be read on the page",
  async ({ page, project, open, expectAccessible, complaints }) => {
    const { sql } = project;
    await sql.unsafe(`
      create table public.support_messages (
        id bigint generated always as identity primary key, chat_id int not null, role text not null,
        content text not null, thumbs_up boolean, created_at timestamptz not null default now()
      );
      insert into public.support_messages (chat_id, role, content, thumbs_up, created_at)
      select chat, message.role, format(message.content, chat), message.thumbs_up,
        timestamptz '2026-01-01 10:00Z' + (chat * 10 + message.place) * interval '1 minute'
      from generate_series(1, 8) as chat
      cross join (values
        (0, 'user', 'What does plan %s cost?', null), (1, 'assistant', 'Plan %s costs 10 dollars.', true)
      ) as message (place, role, content, thumbs_up);
      create table public.customers (id uuid primary key default gen_random_uuid(), email text);
      create table public.tickets (
        id bigint generated always as identity primary key, ticket int, author_role text, body text, written_at timestamptz
      );
      insert into public.tickets (ticket, author_role, body, written_at) values
        (1, 'user', 'Where is my parcel?', '2026-01-01 10:00Z'), (1, 'bot', 'On its way.', '2026-01-01 10:01Z');
      grant select on public.support_messages, public.customers, public.tickets to service_role;
    `);
    await sql`update model_endpoints set input_cost = 2, output_cost = 8, max_output_tokens = 200`;

    await open("runs");
    await page.getByRole("link", { name: "Tables", exact: true }).click();
    const row = page.getByRole("row", { name: /public\.support_messages/ });
    await row.waitFor();
    assertMatch(await row.innerText(), /16\s+8\s+What does plan 1 cost\?/);
    assertEquals(await page.getByText("public.customers").count(), 0);
    await expectAccessible();
    await row.click();

    // What its columns are, and five questions with the answers that they had.
    const columns = page.getByRole("region", { name: "Columns" });
    await columns.getByText("A row is a message").waitFor();
    assertMatch(
      await columns.innerText(),
      /Conversation\s+chat_id\s+Who wrote it\s+role\s+Words\s+content\s+Time\s+created_at/,
    );
    const first = page.getByRole("region", { name: "First prompts" });
    await first.getByText("What does plan 5 cost?").waitFor();
    await first.getByText("Plan 5 costs 10 dollars.").waitFor();
    assertEquals(await first.getByRole("listitem").count(), 5);
    await page.getByRole("link", { name: "Count prompts and price" }).click();
    const dry = page.getByRole("region", { name: "Dry run" });
    await dry.getByText("$0.0", { exact: false }).waitFor();
    assertMatch(await dry.innerText(), /Prompts\s+8\s/);
    await expectAccessible();

    // Only some of its rows, asked.
    await page.getByLabel("Only rows with").fill("chat_id = [1, 2, 3]");
    await page.keyboard.press("Tab");
    await first.getByText("What does plan 4 cost?").waitFor({
      state: "detached",
    });
    await page.getByRole("link", { name: "New run with these" }).click();
    assertEquals(
      await page.getByLabel("Table", { exact: true }).inputValue(),
      "public.support_messages",
    );
    await page.getByLabel("Endpoint").selectOption("model");
    await page.getByLabel("Only what is new since the last run").check();
    await page.getByText(/"after":"last run"/).waitFor();
    await page.getByRole("button", { name: "Start the run" }).click();
    await page.getByText("3 of 3").waitFor({ timeout: 60_000 });

    // One that cannot be read says what to do, and it is done here.
    await open("tables");
    await page.getByRole("region", { name: "Not readable" })
      .getByRole("link", { name: "public.tickets" }).click();
    await page.getByText("Name it:").first().waitFor();
    await page.getByLabel("Conversation", { exact: true }).fill("ticket");
    await page.keyboard.press("Tab");
    await first.getByText("Where is my parcel?").waitFor();
    await first.getByText("On its way.").waitFor();
    // The console tells of each answer that was an error.
    assertEquals(
      complaints.splice(0).filter((text) => !/status of 400/.test(text)),
      [],
    );
  },
);

dashboardTest(
  "a watch is made from a table, scores what comes in, is paused, goes on and is deleted: by what can be read on the page",
  async ({ page, project, open, expectAccessible, complaints }) => {
    const { sql } = project;
    await sql.unsafe(`
      create table public.live_messages (
        id bigint generated always as identity primary key, chat_id int not null, role text not null,
        content text not null, created_at timestamptz not null default now()
      );
      create index on public.live_messages (created_at);
      grant select on public.live_messages to service_role;
      insert into public.live_messages (chat_id, role, content, created_at) values
        (0, 'user', 'Before anybody watched?', '2026-01-01 10:00Z'), (0, 'assistant', 'Yes.', '2026-01-01 10:01Z');
    `);
    /** Users ask 20 questions, and the app answers. */
    const answer = async (words: string) => {
      await sql`
        insert into public.live_messages (chat_id, role, content)
        select chat, message.role, message.content
        from generate_series(1, 20) as chat
        cross join (values (1, 'user', 'How?'), (2, 'assistant', ${words})) as message (place, role, content)
        order by chat, place
      `;
    };
    /** Maintenance is not waited for, nor the time until the table is read again. */
    const untilShown = async (what: Locator) => {
      for (let looks = 0; looks < 60 && !await what.isVisible(); looks++) {
        await sql`update pipeline_tasks set available_at = now() where stage = 'extract' and status = 'pending'`;
        await sql`select maintain_pipeline()`;
        await what.waitFor({ timeout: 1_000 }).catch(() => {});
      }
      await what.waitFor({ timeout: 1_000 });
    };

    await open("watches");
    await page.getByText("No watch that you may see").waitFor();
    await page.getByRole("link", { name: "Tables", exact: true }).first()
      .click();
    await page.getByRole("row", { name: /public\.live_messages/ }).click();
    await page.getByText("Before anybody watched?").waitFor();
    await page.getByRole("link", { name: "Watch what comes in" }).click();
    await page.getByRole("heading", { name: "New watch" }).waitFor();
    const start = page.getByRole("button", { name: "Start the watch" });
    await page.getByLabel("Evaluators").fill('{"type": "length", "max": 20}');
    await page.getByLabel("Turns of a window").fill("20");
    const ceiling = page.getByLabel("Costs at most a day, USD");
    await ceiling.pressSequentially("5e");
    await start.click();
    await page.getByText('"5e" is no number').waitFor();
    assertEquals(await ceiling.getAttribute("aria-invalid"), "true");
    await ceiling.fill("");
    await start.click();
    // Refused beside the field that is wrong.
    const name = page.getByLabel("Name", { exact: true });
    await page.locator("[aria-invalid=true]").waitFor();
    assertEquals(await name.getAttribute("aria-invalid"), "true");
    await expectAccessible();
    await name.fill(`support${" of everybody".repeat(6)}`);
    await page.getByText("insert into pipeline_watches").waitFor();
    await start.dblclick();

    await page.getByRole("heading", { name: /^Watch \d+$/ }).waitFor();
    const [{ count }] = await sql`select count(*)::int from pipeline_watches`;
    assertEquals(count, 1);
    // The console tells of what was refused.
    assertEquals(complaints.splice(0).length, 1);
    await answer("A short answer");
    const length = page.getByRole("region", { name: "length", exact: true });
    await untilShown(
      length.getByRole("row", { name: /the first window .* 20 1/ }),
    );

    // Answers that are too long give an alarm, which leads to them.
    await answer("An answer that is much too long for anybody");
    await untilShown(length.getByText("outside"));
    await length.getByText("! alarm", { exact: true }).waitFor();
    await expectAccessible();
    await length.getByRole("link", { name: "window 1", exact: true }).click();
    await page.getByText("An answer that is much too long").first().waitFor();
    await page.goBack();

    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Resume" }).waitFor();
    assertEquals(
      [...await sql`select status from pipeline_watches`],
      [{ status: "paused" }],
    );
    await page.keyboard.press("Shift+P");
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await page.getByText("Change its limits").click();
    const change = page.getByRole("button", { name: "Change", exact: true });
    await page.getByLabel("At most so many turns a day").fill("many");
    await change.click();
    await page.getByText(/invalid input syntax for type integer/).waitFor();
    assertEquals(complaints.splice(0).length, 1);
    await page.getByLabel("At most so many turns a day").fill("5000");
    await change.click();
    await page.getByText(/of at most 5,000/).waitFor();
    await expectAccessible();
    await page.getByRole("link", { name: "Watches", exact: true }).first()
      .click();
    const row = page.getByRole("row", { name: /support/ });
    assertMatch(await row.innerText(), /!\s+alarm\s+▶\s+active\s+length/);
    await expectAccessible();
    // A long name hides no other column.
    await page.setViewportSize({ width: 390, height: 800 });
    const first = await row.locator("td").first().boundingBox();
    assert(first!.width < 200, `the name takes ${first!.width} of 390`);
    await row.click();
    page.removeAllListeners("dialog").on("dialog", (asked) => asked.accept());
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByText("No watch that you may see").waitFor();
  },
);
