/** Steps, which go on while the key is held; all else is done once. */
const STEPS = ["j", "k", "n", "p", "ArrowDown", "ArrowUp"];

/**
 * Keys press what can be seen: an element names its key in `data-key`, and the key clicks it, or goes
 * into it where something can be typed. `g r` is two keys. j, k and the arrows move between the rows
 * of a table. Nothing happens while somebody types or a dialog is open.
 */
export function listenToKeys(): void {
  let first = "";
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.repeat && !STEPS.includes(event.key)) return;
    if (document.querySelector("dialog[open]")) return;
    const typing = isTypedInto(event.target);
    if (typing && event.key !== "Escape") return;
    const pressed = first === "" ? event.key : `${first} ${event.key}`;
    first = pressed === "g" ? "g" : "";
    const found = findByKey(pressed);
    if (typing) (event.target as HTMLElement).blur();
    else if (found) press(found);
    else if (!moveBetweenRows(event.key)) return;
    event.preventDefault();
  });
}

/** What can be seen and has this key; the last wins, because panels stand last. */
function findByKey(key: string): HTMLElement | undefined {
  return keyedElements(`[data-key="${CSS.escape(key)}"]`).at(-1);
}

/** All that has a key at this moment; of what every row has that of the row with the focus. */
export function keyedElements(selector = "[data-key]"): HTMLElement[] {
  const row = document.activeElement?.closest("tbody tr");
  return [...document.querySelectorAll<HTMLElement>(selector)]
    .filter((element) =>
      element.checkVisibility() && !element.matches(":disabled") &&
      (element.closest("tbody tr") ?? row) === row
    );
}

function press(element: HTMLElement): void {
  if (isTypedInto(element) || element.matches("select")) element.focus();
  else element.click();
}

function isTypedInto(target: EventTarget | null): boolean {
  return target instanceof Element &&
    target.matches(
      "textarea, select, input:not([type=checkbox], [type=radio])",
    );
}

function moveBetweenRows(key: string): boolean {
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[key];
  const table = [...document.querySelectorAll("[data-rows]")]
    .find((element) => element.checkVisibility());
  if (step === undefined || !table) return false;
  const rows = [...table.querySelectorAll<HTMLElement>("tbody tr[tabindex]")];
  const current = rows.indexOf(document.activeElement as HTMLElement);
  const row = current < 0
    ? rows.find(({ tabIndex }) => tabIndex === 0)
    : rows[current + step];
  row?.focus();
  return rows.length > 0;
}
