import { toVisible } from "../../../pipeline/visible_text.ts";

/** A button that shows its key, for what is done hundreds of times. */
export function KeyedButton({ words, letter, act, isPressed, isDisabled }: {
  words: string;
  letter?: string;
  act: () => void;
  /** Undefined: it is no choice. */
  isPressed?: boolean;
  isDisabled?: boolean;
}) {
  return (
    <button
      type="button"
      data-key={letter}
      aria-pressed={isPressed}
      disabled={isDisabled}
      onClick={act}
    >
      {letter && letter !== words && (
        <>
          <kbd aria-hidden="true">{letter}</kbd>
          {" "}
        </>
      )}
      {toVisible(words)}
    </button>
  );
}
