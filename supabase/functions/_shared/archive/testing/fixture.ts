/** An archive written for the tests, and what reading it must give. */
export interface Fixture {
  /** What the fixture shows, as the end of a sentence that begins with the format's name. */
  shows: string;
  format: string;
  archive: string | object;
  conversations: number;
  texts: string[];
  /** What the archived assistant answered, prompt by prompt. */
  references?: (string | undefined)[];
  /** What a retriever found for each prompt. */
  passages?: (string[] | undefined)[];
  /** When the prompts were written, prompt by prompt. */
  times?: (string | undefined)[];
  /** What else the archive tells of the prompts, prompt by prompt. */
  metadata?: (object | undefined)[];
  /** Kinds of text that the format does not know, and how often; as a rule there are none. */
  unknown?: Record<string, number>;
  /** Prompts on the branch that the archive shows, when it has others. */
  current?: string[];
}
