import { makeParts } from "../../../scripts/moving_in/parts.ts";
import { ROWS } from "../../../scripts/moving_in/testing/rows.ts";
import { walk } from "../../../scripts/moving_in/testing/walk.ts";
import { startDatabases } from "../../../scripts/release/databases.ts";
import { makeSyntheticReleases } from "../../../scripts/release/testing/synthetic_releases.ts";

const [[, first], ...others] = Object.entries(ROWS);

// The first is part of every test.
for (const [name, row] of others) {
  Deno.test(`add, push, run, remove, push → ${name} is what it was`, () =>
    walk(row));
}

Deno.test("add, push, upgrade while a run goes on, remove, push → a project is what it was", async () => {
  await using databases = await startDatabases();
  let made = 0;
  await using releases = await makeSyntheticReleases(() =>
    databases.create(`synthetic_${++made}`)
  );
  await walk(first, {
    older: await makeParts(releases.first),
    newer: await makeParts(releases.second),
  });
});
