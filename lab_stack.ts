import { withProject } from "./supabase/tests/e2e/project.ts";
await withProject(async (project) => {
  const { url, secretKey, publishableKey, databaseUrl } = project as any;
  await Deno.writeTextFile("/tmp/lab/project.json", JSON.stringify({ url, secretKey, publishableKey, databaseUrl, model: project.model.url }));
  while (true) {
    try { await Deno.stat("/tmp/lab/stop"); break; } catch { /* go on */ }
    await new Promise((r) => setTimeout(r, 1000));
  }
});
