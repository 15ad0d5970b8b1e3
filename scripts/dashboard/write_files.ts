import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundlePage } from "./bundle.ts";
import { contentSecurityPolicy } from "./guard.ts";

/**
 * Writes the dashboard into a folder that any static host can serve. Users sign in there; the
 * publishable key is public by intent, and row level security decides what they see.
 *
 * @returns the names of the files
 * @throws Error when the page cannot be made
 */
export async function writeDashboard(
  folder: string,
  { projectUrl, key }: { projectUrl: string; key: string },
): Promise<string[]> {
  const files = await bundlePage({
    kind: "hosted",
    projectUrl,
    key,
    readOnly: true,
  });
  const policy = contentSecurityPolicy(new URL(projectUrl).origin);
  const texts = {
    ...Object.fromEntries(
      Object.entries(files).map(([name, { text }]) => [name, text]),
    ),
    // Read by Netlify and Cloudflare Pages; other hosts have the policy of the page.
    _headers: `/*
  Content-Security-Policy: ${policy}; frame-ancestors 'none'
  X-Content-Type-Options: nosniff
  Referrer-Policy: no-referrer
  Cross-Origin-Opener-Policy: same-origin
`,
  };
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(texts)) {
    await writeFile(join(folder, name), text);
  }
  return Object.keys(texts);
}
