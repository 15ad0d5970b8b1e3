import { assertEquals } from "@std/assert";
import { textOfHtml, unescapeHtml, wordsIn } from "./html_text.ts";

Deno.test("wordsIn() leaves out tags and reads entities", () => {
  assertEquals(
    wordsIn("<p>a&nbsp;<b>b</b> &lt;&#39;&#x1F600;&amp;</p>"),
    "a b <'\u{1F600}&",
  );
});

Deno.test("textOfHtml() gives every block a line", () => {
  assertEquals(
    textOfHtml("<p>One.</p><ul><li>a</li><li>b <i>c</i></li></ul>end<br>x"),
    "One.\na\nb c\nend\nx",
  );
});

Deno.test("unescapeHtml() leaves unknown entities and codes alone", () => {
  assertEquals(
    unescapeHtml("&foo; &#0; &#x110000; &gt;"),
    "&foo; &#0; &#x110000; >",
  );
});
