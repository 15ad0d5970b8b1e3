import { useEffect, useRef, useState } from "preact/hooks";
import { isReviewer } from "./data/grader.ts";
import { here, to } from "./data/here.ts";
import { matchPath } from "./data/place.ts";
import { project, trouble } from "./data/project.ts";
import { ErrorBoundary } from "./parts/error_boundary.tsx";
import { KeySheet } from "./parts/key_sheet.tsx";
import { RowHeight, rowsAreTall } from "./parts/row_height.tsx";
import { SCREENS } from "./screens.ts";

/** The bar at the top and the screen that the address names. */
export function App({ signOut }: { signOut?: () => void }) {
  const { path, query } = here.value;
  const start = isReviewer() ? "labels" : "runs";
  const address = path.length === 0 ? [start] : path;
  const [screen, values] = findScreen(address);
  const title = screen?.title(values) ?? "Nothing is here";
  const heading = useRef<HTMLHeadingElement>(null);
  const [isFirst, setIsFirst] = useState(true);
  const key = JSON.stringify(address);
  useEffect(() => {
    document.title = `${title} · prompt-pipeline`;
    // Whoever listens to a page hears that it is another one.
    if (!isFirst) heading.current?.focus();
    setIsFirst(false);
  }, [key]);
  return (
    <>
      <header class="top">
        <a class="skip" href="#main" onClick={skip}>To the content</a>
        <strong>prompt-pipeline</strong>
        <nav aria-label="Screens">
          {SCREENS.map(({ path, nav }) =>
            nav && isThere(path) &&
            !(nav.writes && project().home.readOnly) && (
              <a
                key={path}
                href={to(path.split("/"))}
                data-key={`g ${nav.key}`}
                aria-current={address[0] === path ? "page" : undefined}
              >
                {nav.label}
              </a>
            )
          )}
        </nav>
        <span class="where">
          {project().home.kind === "file" && (
            <a href={project().home.place}>Comparison</a>
          )}
          {project().home.kind === "local" && project().home.readOnly && (
            <span class="tag">read only</span>
          )}
          <span class="project" title={project().home.projectUrl}>
            {project().home.projectUrl}
          </span>
          <RowHeight />
          {signOut && <button type="button" onClick={signOut}>Sign out</button>}
          <KeySheet />
        </span>
      </header>
      <p class="trouble" role="status">
        {trouble.value && `${trouble.value}: reconnecting …`}
      </p>
      <main
        id="main"
        tabIndex={-1}
        class={rowsAreTall.value ? "tall" : undefined}
      >
        <h1 ref={heading} tabIndex={-1}>{title}</h1>
        {screen
          ? (
            <ErrorBoundary key={key} place={JSON.stringify(query)}>
              <screen.body values={values} />
            </ErrorBoundary>
          )
          : (
            <p class="empty">
              There is no such screen. <a href={to(["runs"])}>All runs</a>
            </p>
          )}
      </main>
    </>
  );
}

/** A file holds a comparison only. */
function isThere(path: string): boolean {
  return project().home.kind !== "file" || path === "experiments";
}

function findScreen(path: string[]) {
  for (const screen of SCREENS) {
    const values = matchPath(screen.path, path);
    if (values) return [screen, values] as const;
  }
  return [undefined, {}] as const;
}

/** The fragment of an address is the place in the dashboard, so a jump is made by hand. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
