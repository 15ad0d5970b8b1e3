import { assertEquals } from "@std/assert";
import { Markdown } from "./markdown.tsx";
import { Prose } from "./prose.tsx";

Deno.test("Prose() shows as it was written what is nested too deep", () => {
  for (const mark of [">", "> ", "- ", "* ", "+ ", "1. ", "> - "]) {
    const text = `a\n\n ${mark.repeat(5_000)}b`;
    assertEquals(Prose({ text, asMarkdown: true }).type, "div");
  }
});

Deno.test("Prose() reads rules and quotes of quotes as Markdown", () => {
  for (const text of ["-".repeat(80), "*".repeat(80), "> ".repeat(49) + "b"]) {
    assertEquals(Prose({ text, asMarkdown: true }).type, Markdown);
    Markdown({ text });
  }
});
