import { assertEquals } from "@std/assert";
import { withoutMarks } from "./chatgpt_marks.ts";

Deno.test("withoutMarks() leaves out citations and keeps the names of things", () => {
  assertEquals(
    withoutMarks(
      'By \ue200entity\ue202["people", "Ada \\"L\\"", 0]\ue201, \ue203noted\ue204 \ue200cite\ue202turn0search3\ue202turn0search8\ue201. \nMore \ue200url\ue202Page\ue202turn1view0\ue201',
    ),
    'By Ada "L", noted.\nMore Page',
  );
});

Deno.test("withoutMarks() leaves other text alone, and marks that are cut off", () => {
  assertEquals(withoutMarks("plain [1] text ."), "plain [1] text .");
  assertEquals(withoutMarks("a \ue200cite\ue202turn0"), "a citeturn0");
});
