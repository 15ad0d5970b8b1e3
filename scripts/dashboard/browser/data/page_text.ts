/** What the page is told about where it is. */
export interface Home {
  /**
   * `local`: the server beside the page passes requests on; `hosted`: the project itself is asked;
   * `file`: the page holds the answers.
   */
  kind: "local" | "hosted" | "file";
  /** Origin of the project; of a local home only to be shown. */
  projectUrl: string;
  /** The publishable key; only hosted. */
  key?: string;
  readOnly: boolean;
  /** Where it opens; only of a file. */
  place?: string;
}

/** Where a page may have something from. */
export interface Sources {
  script: string;
  style: string;
  /** Whom it may ask; absent: nobody. */
  connect?: string;
}

/** Those of a page whose files stand beside it, and that asks this project. */
export function besidePage(apiOrigin = ""): Sources {
  return {
    script: "'self'",
    style: "'self'",
    connect: `'self' ${apiOrigin}`.trim(),
  };
}

/** Nothing from outside but the project's API, no script but the bundle, no HTML from strings. */
export function contentSecurityPolicy(
  { script, style, connect = "'none'" }: Sources,
): string {
  return [
    "default-src 'none'",
    `script-src ${script}`,
    `style-src ${style}`,
    "img-src data:",
    `connect-src ${connect}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

/**
 * The page as HTML.
 *
 * @param head elements that bring its style and its script
 */
export function writePage(
  { home, sources, head }: { home: Home; sources: Sources; head: string },
): string {
  // Nothing in it can end the attribute.
  const told = JSON.stringify(home).replaceAll("&", "&amp;")
    .replaceAll("'", "&#39;").replaceAll("<", "&lt;");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="content-security-policy" content="${
    contentSecurityPolicy(sources)
  }">
<meta name="dashboard" content='${told}'>
<title>prompt-pipeline</title>
<link rel="icon" href="data:,">
${head}
<body><div id="app"></div><noscript>The dashboard needs JavaScript.</noscript></body>
</html>
`;
}
