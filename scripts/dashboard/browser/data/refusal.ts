/** A field of a new run, by the words of what refuses its value. The first that fits is meant. */
const FIELDS: [RegExp, string][] = [
  [/^Cannot read table/, "source"],
  [/is approved for/, "approved"],
  [/max_cost|quota of USD/, "max_cost"],
  [
    /experiment ""|no name that can be used|its name|a name is too long/,
    "name",
  ],
  [/evaluator|judge|batchSize/, "evaluators"],
  [
    /no endpoint|is retired|prompts_need_an_endpoint|choose model|variant (""|\d+) (has|is)|two variants|no variants/,
    "variants",
  ],
  [/template|system message|user message/, "template"],
  [/option ""/, "options"],
  [/source|bucket|set ""|runs? \d+|no run|archives|prompt/, "source"],
  [/a limit is/, "limits"],
];

/** Why the project does not write a row. */
export interface Refusal {
  /** The field that it is about; undefined: one cannot tell. */
  field?: string;
  words: string;
}

/** Tells from the words of an error which field they are about. */
export function toRefusal({ message }: Error): Refusal {
  const words = message.replace(/^Cannot (start run|start sweep|watch): /, "");
  // What is quoted are words of whoever wrote them, and what to write instead names other fields.
  const [problem] = words.replaceAll(/"[^"]*"/g, '""').split(". ", 1);
  return { field: FIELDS.find(([of]) => of.test(problem))?.[1], words };
}
