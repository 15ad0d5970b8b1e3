import type { ComponentChildren } from "preact";
import type { Loaded } from "../data/use_loaded.ts";
import { VisibleText } from "./visible_text.tsx";

/**
 * What is loaded, or why it is not. What is there already stays while it is asked for again, so that
 * nothing jumps.
 */
export function Waiting<Value>({ loaded, children }: {
  loaded: Loaded<Value>;
  children: (value: Value) => ComponentChildren;
}) {
  const { value, problem, isLoading } = loaded;
  return (
    <>
      {problem && (
        <p class="problem" role="alert">
          <VisibleText text={problem} />{" "}
          <button type="button" onClick={loaded.reload}>Try again</button>
        </p>
      )}
      {value === undefined
        ? isLoading && <p class="hint" aria-busy="true">Loading …</p>
        : children(value)}
    </>
  );
}
