import { useState } from "preact/hooks";
import { project } from "../data/project.ts";

/** A button that changes something; absent where the dashboard only reads, unless this may be done. */
export function Action(
  { words, letter, act, done, question, isAllowed, isPrimary }: {
    words: string;
    /** The key that presses it. */
    letter?: string;
    act: () => Promise<unknown>;
    done?: () => void;
    /** Asked first where there is no way back. */
    question?: string;
    isAllowed?: boolean;
    isPrimary?: boolean;
  },
) {
  const [state, setState] = useState<{ busy?: true; problem?: string }>({});
  if (project().home.readOnly && !isAllowed) return null;
  async function press() {
    if (question !== undefined && !confirm(question)) return;
    setState({ busy: true });
    try {
      await act();
      setState({});
      done?.();
    } catch (error) {
      setState({ problem: (error as Error).message });
    }
  }
  return (
    <>
      <button
        type="button"
        class={isPrimary ? "primary" : undefined}
        onClick={press}
        disabled={state.busy}
        data-key={letter}
      >
        {words}
      </button>
      {state.problem && (
        <span class="problem" role="alert">{state.problem}</span>
      )}
    </>
  );
}
