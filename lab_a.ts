export default async ({ page, origin, open }: any) => {
  const shot = async (name: string) => {
    for (const colorScheme of ["light", "dark"]) for (const width of [1280, 390]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await page.waitForTimeout(100);
      await page.screenshot({ path: `/tmp/lab/${name}_${colorScheme}_${width}.png`, fullPage: true });
    }
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 1280, height: 800 });
  };
  await open("sweeps"); await shot("sweeps");
  await open("runs"); await shot("runs");
  await page.getByRole("link", {name: "Sweeps"}).click();
  const id = (await page.locator("tbody tr a").first().innerText()).split(" ")[0];
  await open(`sweeps/${id}?by=rouge-l`);
  await page.getByText("The best").waitFor();
  const run = await page.getByRole("link", { name: "Repetitions of tone/small" }).click();
  await page.getByRole("region", { name: "Repetitions" }).first().getByRole("row").nth(2).waitFor();
  console.log((await page.locator("main").innerText()).slice(-2500));
  await shot("sweep");
  await open("experiments"); await page.waitForTimeout(300); await shot("experiments");
  await page.keyboard.press("e"); await page.waitForTimeout(100);
  await open("archives/set/greetings"); await shot("set_tall");
  await page.keyboard.press("e");
};
