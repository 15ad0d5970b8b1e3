import { assertEquals } from "@std/assert";
import { keepWords, readKeptWords } from "./kept_words.ts";
import { openProject } from "./project.ts";

function open(projectUrl: string): void {
  openProject(
    { kind: "local", projectUrl, readOnly: false },
    "",
    () => Promise.resolve({}),
  );
}

Deno.test("readKeptWords() gives what was written about an item of a project, until it is stored", () => {
  open("https://one.example");
  const words = { remark: "the year is wrong", corrected: "1971" };
  keepWords(7, words);
  assertEquals(readKeptWords(7), words);
  assertEquals(readKeptWords(8), undefined);
  open("https://two.example");
  assertEquals(readKeptWords(7), undefined);
  open("https://one.example");
  keepWords(7, undefined);
  assertEquals(readKeptWords(7), undefined);
  // Other tests keep what is theirs in it at the same time.
  const left = Object.keys(localStorage).filter((key) =>
    /:\/\/(one|two)\.example/.test(key)
  );
  assertEquals(left, []);
});
