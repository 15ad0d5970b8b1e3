import { useRef, useState } from "preact/hooks";
import { keyedElements } from "../keys.ts";

/** The keys that do something on this screen at this moment. */
export function KeySheet() {
  const sheet = useRef<HTMLDialogElement>(null);
  const [keys, setKeys] = useState<(readonly [string, string])[]>([]);
  function show() {
    setKeys([
      ...keyedElements().map((element) =>
        [
          element.dataset.key!,
          element.ariaLabel ?? wordsOf(element),
        ] as const
      ),
      ["j k ↓ ↑", "Next row, row before"],
      ["Enter", "Open the row"],
    ]);
    sheet.current?.showModal();
  }
  return (
    <>
      <button
        type="button"
        class="quiet"
        onClick={show}
        data-key="?"
        aria-label="Keys"
      >
        ?
      </button>
      <dialog ref={sheet} aria-label="Keys">
        <h2>Keys</h2>
        <table class="keys">
          <tbody>
            {keys.map(([key, words]) => (
              <tr key={key}>
                <th scope="row">
                  <kbd>{key}</kbd>
                </th>
                <td>{words}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <form method="dialog">
          <button type="submit">Close</button>
        </form>
      </dialog>
    </>
  );
}

/** What stands on a button beside its key. */
function wordsOf({ childNodes }: HTMLElement): string {
  return [...childNodes].filter(({ nodeName }) => nodeName !== "KBD")
    .map(({ textContent }) => textContent).join("").trim();
}
