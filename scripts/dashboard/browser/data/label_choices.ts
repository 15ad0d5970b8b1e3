import type { LabelQueue, OwnLabel } from "./label_queue_answer.ts";
import type { Said } from "./label_queues.ts";

/** One of the things that can be said of an item by one key. */
export interface LabelChoice {
  words: string;
  /** Undefined: there are more choices than digits. */
  letter?: string;
  said: Pick<Said, "passed" | "score" | "category">;
}

/** More grades than this are written and not pressed. */
const MOST_GRADES = 10;

/** What a queue lets people choose from; none: a grade between its ends is written. */
export function toChoices(
  { kind, categories, lowest, highest }: Pick<
    LabelQueue,
    "kind" | "categories" | "lowest" | "highest"
  >,
): LabelChoice[] {
  switch (kind) {
    case "pass":
      return [
        { words: "✓ Pass", letter: "1", said: { passed: true } },
        { words: "✗ Fail", letter: "2", said: { passed: false } },
      ];
    case "pair":
      return [
        { words: "First", letter: "1", said: { category: "first" } },
        { words: "Second", letter: "2", said: { category: "second" } },
        { words: "Equal", letter: "3", said: { category: "tie" } },
      ];
    case "category":
      return (categories ?? []).map((category, place) => ({
        words: category,
        letter: place < 9 ? String(place + 1) : undefined,
        said: { category },
      }));
    case "score": {
      const [from, to] = [lowest!, highest!];
      if (![from, to].every(Number.isInteger) || to - from >= MOST_GRADES) {
        return [];
      }
      return Array.from({ length: to - from + 1 }, (_, step) => ({
        words: String(from + step),
        letter: from >= 0 && to <= 9 ? String(from + step) : undefined,
        said: { score: from + step },
      }));
    }
  }
}

/** Whether this is what somebody said before. */
export function isSaid(choice: LabelChoice, label: OwnLabel | null): boolean {
  if (!label) return false;
  const { passed, score, category } = choice.said;
  return passed !== undefined
    ? label.passed === passed
    : score !== undefined
    ? label.grade === score
    : (label.choice ?? label.category) === category;
}
