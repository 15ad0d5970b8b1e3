import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { h } from "preact";
import { renderToStaticMarkup } from "preact-render-to-string";
import { Markdown } from "./markdown.tsx";
import { Prose } from "./prose.tsx";
import { readMarkdown } from "./read_markdown.ts";

const draw = (text: string) =>
  renderToStaticMarkup(h(Markdown, { tokens: readMarkdown(text)! }))
    .replace(/^<div class="markdown" dir="auto">(.*)<\/div>$/s, "$1");

Deno.test("Markdown() draws each kind of token as its element", () => {
  const cases: Record<string, string> = {
    "# a": "<h4>a</h4>",
    "## a": "<h5>a</h5>",
    "*a* **b** ~~c~~ `d`":
      "<p><em>a</em> <strong>b</strong> <s>c</s> <code>d</code></p>",
    "> a": "<blockquote><p>a</p></blockquote>",
    "---": "<hr/>",
    "3. a\n4. b": '<ol start="3"><li>a</li><li>b</li></ol>',
    "- [x] a\n- [ ] b": "<ul><li>☑ a</li><li>☐ b</li></ul>",
    "```js\nlet a;\n```": '<pre tabindex="0"><code>let a;</code></pre>',
    "| a |\n|---|\n| b |":
      '<table><thead><tr><th scope="col">a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table>',
    "\\*a\\*": "<p>*a*</p>",
    "a &amp; b": "<p>a &amp;amp; b</p>",
  };
  for (const [text, drawn] of Object.entries(cases)) {
    assertEquals(draw(text), drawn, text);
  }
});

Deno.test("Markdown() leads to http, https and mailto only", () => {
  assertEquals(
    draw("[a](https://b.example)"),
    '<p><a href="https://b.example" target="_blank" rel="noopener noreferrer nofollow" title="https://b.example">a</a></p>',
  );
  for (
    const text of [
      "[a](javascript:b)",
      "[a](&#106;avascript:b)",
      "[a](data:text/html,b)",
      "[a](//b.example)",
      "[a](vbscript:b)",
      "![a](https://b.example/c.png)",
      "<a href=javascript:b>a</a>",
      "<img src=x>",
    ]
  ) {
    assertEquals(/<(?!\/?p>)/.test(draw(text)), false, draw(text));
  }
});

Deno.test("Markdown() loses no letter of what is written", () => {
  const word = fc.stringMatching(/^[a-z]{1,8}$/);
  const pieces = fc.constantFrom(
    "*",
    "**",
    "_",
    "`",
    "[",
    "](",
    ")",
    "<",
    ">",
    "#",
    "- ",
    "\n",
    "\n\n",
    "|",
    "~~",
    "![",
    " ",
  );
  fc.assert(fc.property(fc.array(fc.oneof(word, pieces)), (parts) => {
    const text = parts.join("");
    // Where a link leads stands in it and not in its words, as what a definition or the name of a language is.
    fc.pre(!/\]\(|\]:|```|~~~/.test(text));
    const letters = (text: string) => text.replace(/[^a-z]/g, "");
    const drawn = draw(text).replace(/<[^>]*>/g, "").replace(/&\w+;/g, "");
    assertEquals(letters(drawn), letters(text));
  }));
});

Deno.test("Prose() shows as it was written what takes too long to read as Markdown, and says so", () => {
  const text = "*x *x ".repeat(20_000);
  const drawn = renderToStaticMarkup(h(Prose, { text, asMarkdown: true }));
  assertEquals(drawn.includes(`dir="auto">${text}</div>`), true);
  assertEquals(drawn.includes("it takes too long to read as Markdown"), true);
});
