/**
 * Completes a base URL such as `https://host` or `https://host/v1` with an
 * API's path; a URL that already names a path below the version is left alone.
 */
export function completeBaseUrl(url: URL, version: string, path: string): URL {
  const base = url.pathname.replace(/\/+$/, "");
  const completed = new URL(url);
  if (base === "") completed.pathname = `${version}${path}`;
  else if (version !== "" && base.endsWith(version)) {
    completed.pathname = `${base}${path}`;
  }
  return completed;
}
