import type { Label, ListedScore } from "./answers.ts";
import type { Message } from "./whole_answer.ts";

/** What a queue asks, as list_evaluation_label_queues() tells it. */
export interface LabelQueue extends LabelProgress {
  id: number;
  name: string;
  label_name: string;
  kind: "pass" | "score" | "category" | "pair";
  categories: string[] | null;
  lowest: number | null;
  highest: number | null;
  /** "": none. */
  instructions: string;
  /** How many label each item. */
  people: number;
  blind: boolean;
  /** Whether whoever asks may see and change all of it. */
  is_mine: boolean;
  /** These four are null for the reviewer of a blind queue. */
  experiment_name: string | null;
  against: string | null;
  chosen: string | null;
  evaluator: string | null;
  owner: string | null;
  created_at: string;
  closed_at: string | null;
}

/** How far a queue is, and this person in it. */
export interface LabelProgress {
  items: number;
  /** Items that have been labelled by as many people as are asked. */
  finished: number;
  labels: number;
  mine: number;
  skipped: number;
  /** Left for this person, beside what they skipped, which comes last. */
  open: number;
  /** What people have before them at this moment. */
  held: number;
}

/** One answer, or a pair in the order in which it is to be shown. */
export interface LabelItem {
  id: number;
  position: number;
  prompt: { system: string | null; turns: Message[]; text: string };
  reference: string | null;
  responses: ShownResponse[];
  /** What this person said before. */
  label: OwnLabel | null;
}

/** An answer as a reviewer sees it; all but the first two is absent where the queue is blind. */
export interface ShownResponse {
  response: string | null;
  tool_calls: unknown;
  model?: string | null;
  experiment_name?: string | null;
  scores?: Record<string, ListedScore>;
  labels?: Label[];
}

/** What this person said of an item. */
export interface OwnLabel {
  passed: boolean | null;
  grade: number | null;
  category: string | null;
  /** Of a pair, as it was shown. */
  choice: string | null;
  remark: string | null;
  corrected_response: string | null;
}
