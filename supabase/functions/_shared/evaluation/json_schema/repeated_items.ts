/**
 * The lists within a JSON value that have an item twice, each once, found in one walk: what is equal
 * gets the same number, by a hash of its canonical text. Comparing all with all takes minutes for a
 * list of ten thousand objects.
 */
export function repeatedItems(value: unknown): unknown[][] {
  const numbers = new Map<string, number>();
  const found = new Map<number, unknown[]>();

  function numberOf(part: unknown): number {
    if (Array.isArray(part)) {
      const items = part.map(numberOf);
      const number = numberOfText(`[${items}]`);
      if (new Set(items).size < items.length) found.set(number, part);
      return number;
    }
    if (typeof part !== "object" || part === null) {
      return numberOfText(JSON.stringify(part));
    }
    const fields = Object.entries(part)
      .map(([name, field]) => `${JSON.stringify(name)}:${numberOf(field)}`);
    return numberOfText(`{${fields.sort()}}`);
  }

  function numberOfText(text: string): number {
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    return number;
  }

  numberOf(value);
  return [...found.values()];
}
