/** Texts that make slow code slow, each of about so many characters. */
export function hostileTexts(length: number): Record<string, string> {
  const repeat = (part: string) => part.repeat(Math.ceil(length / part.length));
  const numbered = (toPart: (n: number) => string, between: string) =>
    Array.from({ length: length / 10 }, (_, n) => toPart(n)).join(between);
  return {
    "one letter": repeat("a"),
    "almost a match": `${repeat("a")}!`,
    "white space": `${repeat(" \t\n")}x`,
    "opening brackets": repeat("["),
    "opening braces": repeat('{"a":'),
    "nested lists": `${"[".repeat(length / 2)}${"]".repeat(length / 2)}`,
    "nested objects": `${'{"a":'.repeat(length / 6)}1${"}".repeat(length / 6)}`,
    "objects in prose": repeat('so {"score": 1} or '),
    "a list of numbers": `[${numbered(String, ",")}]`,
    "a list of one item": `[${numbered(() => '{"a":[]}', ",")}]`,
    "an object of many names": `{${numbered((n) => `"a${n}":${n}`, ",")}}`,
    "quotes": repeat('"\\'),
    "code fences": repeat("```json\n"),
    "thoughts": repeat("<think>"),
    "digits": repeat("1234567890"),
    "groups of digits": repeat("1,000 "),
    "signs of numbers": repeat("-.e+^×"),
    "different words": numbered((n) => `w${n}`, " "),
    "refusals": repeat("I can't help but say that I cannot, "),
    "quotations": repeat('"I cannot" — '),
    "combining marks": repeat("e\u0301\u0327"),
    "halves of pairs": repeat("\ud83d\u0000"),
    "faces": repeat("👩‍👩‍👧 "),
  };
}
