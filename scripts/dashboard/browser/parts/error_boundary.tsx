import type { ComponentChildren } from "preact";
import { useEffect, useErrorBoundary } from "preact/hooks";

/** What cannot be drawn is told in its place, and the rest of the page stays. Another place is drawn anew. */
export function ErrorBoundary({ place, children }: {
  place: string;
  children: ComponentChildren;
}) {
  const [error, drawAgain] = useErrorBoundary((error) => console.error(error));
  useEffect(() => {
    if (error) drawAgain();
  }, [place]);
  return error
    ? (
      <p class="problem" role="alert">
        This cannot be shown: {String(error.message)}{" "}
        <button type="button" onClick={drawAgain}>Try again</button>
      </p>
    )
    : <>{children}</>;
}
