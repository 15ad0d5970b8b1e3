import { useRef, useState } from "preact/hooks";
import { keepWords, readKeptWords, type Words } from "../data/kept_words.ts";
import { isSaid, toChoices } from "../data/label_choices.ts";
import type { LabelItem, LabelQueue } from "../data/label_queue_answer.ts";
import type { Said } from "../data/label_queues.ts";
import type { Labelling } from "../data/labelling.ts";
import { KeyedButton } from "./keyed_button.tsx";

/** What can be said of an item, by keyboard. What is written stays until it is stored, whatever happens to the page. */
export function LabelVerdict({ queue, item, labelling }: {
  queue: LabelQueue;
  item: LabelItem;
  labelling: Labelling;
}) {
  const [words, setWords] = useState<Words>(
    () =>
      readKeptWords(item.id) ?? {
        remark: item.label?.remark ?? "",
        corrected: item.label?.corrected_response ?? undefined,
      },
  );
  const { response } = item.responses[0];
  function write(change: Partial<Words>): void {
    const written = { ...words, ...change };
    setWords(written);
    keepWords(item.id, written);
  }
  function say(said: Partial<Said>, spoken: string): void {
    const { remark, corrected } = words;
    labelling.label({
      ...said,
      remark: remark || null,
      corrected_response: corrected === response ? null : corrected || null,
    }, spoken);
  }
  const choices = toChoices(queue);
  return (
    <>
      {queue.kind !== "pair" && (
        <Correction
          text={words.corrected}
          begin={response ?? ""}
          write={(corrected) => write({ corrected })}
        />
      )}
      <div class="verdict actions" role="group" aria-label="Label">
        {choices.map((choice) => (
          <KeyedButton
            key={choice.words}
            words={choice.words}
            letter={choice.letter}
            isPressed={isSaid(choice, item.label)}
            act={() => say(choice.said, choice.words)}
          />
        ))}
        {choices.length === 0 && (
          <WrittenGrade queue={queue} item={item} say={say} />
        )}
        <input
          data-key="r"
          aria-label="Remark"
          placeholder="Remark: r writes, Esc leaves"
          value={words.remark}
          onInput={({ currentTarget }) =>
            write({ remark: currentTarget.value })}
        />
        <KeyedButton words="Skip" letter="s" act={() => labelling.skip()} />
      </div>
    </>
  );
}

/** A grade on a scale that has no keys. */
function WrittenGrade({ queue, item, say }: {
  queue: LabelQueue;
  item: LabelItem;
  say: (said: Partial<Said>, spoken: string) => void;
}) {
  const grade = useRef<HTMLInputElement>(null);
  const scale = `${queue.lowest} to ${queue.highest}`;
  return (
    <form
      class="actions"
      onSubmit={(event) => {
        event.preventDefault();
        const { value, valueAsNumber } = grade.current!;
        say({ score: valueAsNumber }, value);
      }}
    >
      <input
        ref={grade}
        type="number"
        step="any"
        min={queue.lowest!}
        max={queue.highest!}
        required
        data-key="1"
        aria-label={`Grade from ${scale}`}
        placeholder={scale}
        defaultValue={String(item.label?.grade ?? "")}
      />
      <button type="submit">Store</button>
    </form>
  );
}

/** The answer as it should have been; it begins with what was answered. */
function Correction({ text, begin, write }: {
  /** Undefined: nobody has touched it. */
  text: string | undefined;
  begin: string;
  write: (text: string) => void;
}) {
  const field = useRef<HTMLTextAreaElement>(null);
  return (
    <details class="correction" open={text !== undefined}>
      <summary
        data-key="c"
        // Once it is open, the field can take the focus.
        onClick={() => setTimeout(() => field.current?.focus())}
      >
        Correct the answer
      </summary>
      <textarea
        ref={field}
        aria-label="Corrected answer"
        dir="auto"
        value={text ?? begin}
        onInput={({ currentTarget }) => write(currentTarget.value)}
      />
    </details>
  );
}
