import { writePage } from "./page_text.ts";
import type { Recorded } from "./recording.ts";

/** What would end or change the reading of a `<script>`, in a form that strings and patterns read as the same. */
function withinScript(code: string): string {
  return code.replaceAll(/<\/(?=script)/gi, "<\\/")
    .replaceAll("<!--", "<\\x21--");
}

async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(text),
  );
  return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`;
}

/**
 * The dashboard as one HTML file that shows what was recorded: no server, nothing from outside, and a
 * policy that lets nothing run but the page's own script.
 *
 * @param place where it opens, `#/compare?…`
 */
export async function writeSingleFile({ script, style, place, recorded }: {
  script: string;
  style: string;
  place: string;
  recorded: Recorded;
}): Promise<string> {
  const code = withinScript(script);
  // In JSON every < may be written as an escape.
  const data = JSON.stringify(recorded).replaceAll("<", "\\u003c");
  return writePage({
    home: { kind: "file", projectUrl: "", readOnly: true, place },
    sources: { script: await hash(code), style: await hash(style) },
    head: `<style>${style}</style>
<script type="application/json" id="recorded">${data}</script>
<script type="module">${code}</script>`,
  });
}
