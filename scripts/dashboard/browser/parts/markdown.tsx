import type { Token, Tokens } from "marked";
import type { ComponentChildren, VNode } from "preact";
import { toVisible } from "../../../pipeline/visible_text.ts";

/**
 * Markdown of a stranger as elements. There is no string of HTML on the way: what is HTML in it is
 * shown as written, images too, and links lead only to http, https and mailto.
 */
export function Markdown({ tokens }: { tokens: Token[] }) {
  return <div class="markdown" dir="auto">{drawAll(tokens)}</div>;
}

function drawAll(tokens: Token[] | undefined): ComponentChildren {
  return tokens?.map((token, place) => <Drawn key={place} token={token} />);
}

function Drawn({ token }: { token: Token }): VNode | null {
  const inside = () => drawAll((token as Tokens.Generic).tokens);
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading": {
      // Headings of the page come first.
      const Heading = token.depth < 2 ? "h4" : token.depth < 3 ? "h5" : "h6";
      return <Heading>{inside()}</Heading>;
    }
    case "paragraph":
      return <p>{inside()}</p>;
    case "strong":
      return <strong>{inside()}</strong>;
    case "em":
      return <em>{inside()}</em>;
    case "del":
      return <s>{inside()}</s>;
    case "blockquote":
      return <blockquote>{inside()}</blockquote>;
    case "br":
      return <br />;
    case "hr":
      return <hr />;
    case "code":
      return <pre tabIndex={0}><code>{toVisible(token.text)}</code></pre>;
    case "codespan":
      return <code>{toVisible(token.text)}</code>;
    case "list":
      return drawList(token as Tokens.List);
    case "table":
      return drawTable(token as Tokens.Table);
    case "link":
      return isHarmless(token.href)
        ? (
          <a
            href={token.href}
            target="_blank"
            rel="noopener noreferrer nofollow"
            title={token.href}
          >
            {inside()}
          </a>
        )
        : <>{toVisible(token.raw)}</>;
    case "checkbox":
      return <>{token.checked ? "☑ " : "☐ "}</>;
    case "escape":
      return <>{toVisible(token.text)}</>;
    case "text":
      return (token as Tokens.Text).tokens
        ? <>{inside()}</>
        : <>{toVisible(token.text)}</>;
    default:
      return <>{toVisible(token.raw)}</>;
  }
}

function drawList({ ordered, start, items }: Tokens.List): VNode {
  const lines = items.map(({ tokens }, place) => (
    <li key={place}>{drawAll(tokens)}</li>
  ));
  return ordered
    ? <ol start={start === "" ? undefined : start}>{lines}</ol>
    : <ul>{lines}</ul>;
}

function drawTable({ header, rows }: Tokens.Table): VNode {
  return (
    <table>
      <thead>
        <tr>
          {header.map(({ tokens }, place) => (
            <th key={place} scope="col">{drawAll(tokens)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, line) => (
          <tr key={line}>
            {row.map(({ tokens }, place) => (
              <td key={place}>{drawAll(tokens)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function isHarmless(address: string): boolean {
  return /^(https?:\/\/|mailto:)/i.test(address);
}
