import postgres from "postgres";
import { createClient } from "@supabase/supabase-js";
const p = JSON.parse(await Deno.readTextFile("/tmp/lab/project.json"));
const sql = postgres(p.databaseUrl, { max: 1, onnotice() {} });
const client = createClient(p.url, p.secretKey, { auth: { persistSession: false } });
const conv = (month: string) => Array.from({ length: 30 }, (_, i) => JSON.stringify({ id: `${month} ${i}`, messages: [{ role: "user", content: `What is fact ${i} of ${month}?` }, { role: "assistant", content: `The fact ${i} is well known` }] })).join("\n");
for (const m of ["2026-09", "2026-10"]) {
  const { error } = await client.storage.from("archives").upload(`${m}/chats.jsonl`, new TextEncoder().encode(conv(m)), { upsert: true });
  if (error) throw error;
}
await sql`update model_endpoints set input_cost = 2, output_cost = 8, max_output_tokens = 200`;
await sql`insert into model_endpoints (name, url, model, input_cost, output_cost, max_output_tokens) select 'cheap', url, 'small', 0.2, 0.8, 200 from model_endpoints on conflict do nothing`;
await sql`select save_prompt_set('greetings', '["Good day", {"text": "Good night", "reference": "Sleep well"}]')`;
await sql`select save_prompt_set('greetings', '["Good day", "Good night", "Good bye"]', description => 'with a farewell')`;
console.log(await sql`select position, name, version, text from prompt_set_prompts`);
await sql.end();
