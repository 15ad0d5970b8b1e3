import { assertEquals, assertMatch } from "@std/assert";
import { browserTest } from "../../../scripts/test/browser.ts";
import { withProject } from "./project.ts";

browserTest(
  "the local Studio opens and shows the rows of a table",
  (browser) =>
    withProject(async (project) => {
      const { error } = await project.client.from("prompt_evaluations").insert({
        prompt: "What is a lease?",
        prompt_key: "k",
        response: "A hold on a task",
        success: true,
      });
      assertEquals(error, null);
      const page = await browser.newPage();
      const missing: string[] = [];
      page.on("response", (response) => {
        if (response.status() >= 400) missing.push(response.url());
      });

      await page.goto(project.studioUrl);
      await page.getByText("prompt_evaluations", { exact: true }).click();
      await page.getByText("A hold on a task").waitFor();

      assertMatch(await page.locator("body").innerText(), /What is a lease\?/);
      assertEquals(missing, []);
    }),
);
