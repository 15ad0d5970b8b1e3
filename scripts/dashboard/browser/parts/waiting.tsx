import type { ComponentChildren } from "preact";
import type { Loaded } from "../data/use_loaded.ts";
import { VisibleText } from "./visible_text.tsx";

/**
 * What is loaded, or why it is not. What is there already stays while it is asked for again, so that
 * nothing jumps.
 */
export function Waiting<Value>({ loaded, onlyOwn, children }: {
  loaded: Loaded<Value>;
  /** Not what was an answer to another question: it would be taken for this one. */
  onlyOwn?: boolean;
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
      {value === undefined || onlyOwn && !loaded.isOwn
        ? isLoading && <p class="hint" aria-busy="true">Loading …</p>
        : children(value)}
    </>
  );
}
