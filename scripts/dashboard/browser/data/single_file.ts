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
  const policy = [
    "default-src 'none'",
    `script-src ${await hash(code)}`,
    `style-src ${await hash(style)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
  const home = JSON.stringify({
    kind: "file",
    projectUrl: "",
    readOnly: true,
    place,
  }).replaceAll("&", "&amp;").replaceAll("'", "&#39;").replaceAll("<", "&lt;");
  // In JSON every < may be written as an escape.
  const data = JSON.stringify(recorded).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="content-security-policy" content="${policy}">
<meta name="dashboard" content='${home}'>
<title>prompt-pipeline</title>
<link rel="icon" href="data:,">
<style>${style}</style>
<body><div id="app"></div>
<script type="application/json" id="recorded">${data}</script>
<script type="module">${code}</script></body>
</html>
`;
}
