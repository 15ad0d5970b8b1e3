import { toVisible } from "../visible_text.ts";

/** A bar with an optional interval; values from 0 to 1. */
export interface Bar {
  label: string;
  value: number;
  low?: number | null;
  high?: number | null;
}

const LABEL_WIDTH = 180;
const BAR_WIDTH = 300;
const ROW_HEIGHT = 22;
const WIDTH = LABEL_WIDTH + BAR_WIDTH + 60;

/** A small bar chart as one line of SVG, without scripts or references, to stand in Markdown. */
export function drawBarChart(title: string, bars: Bar[]): string {
  const height = bars.length * ROW_HEIGHT;
  const rows = bars.map((bar, index) => drawBar(bar, index * ROW_HEIGHT));
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${WIDTH}" height="${height}" ` +
    `font-family="sans-serif" font-size="12"><title>${
      escapeXml(title)
    }</title>${rows.join("")}</svg>`;
}

function drawBar({ label, value, low, high }: Bar, top: number): string {
  const middle = top + ROW_HEIGHT / 2;
  const text = (x: number, anchor: string, content: string) =>
    `<text x="${x}" y="${
      middle + 4
    }" text-anchor="${anchor}" fill="#888">${content}</text>`;
  const interval = low == null || high == null
    ? ""
    : `<line x1="${toX(low)}" x2="${
      toX(high)
    }" y1="${middle}" y2="${middle}" stroke="#888" stroke-width="2"/>`;
  const shortened = label.length > 26 ? `${label.slice(0, 25)}…` : label;
  return text(LABEL_WIDTH - 8, "end", escapeXml(shortened)) +
    `<rect x="${LABEL_WIDTH}" y="${top + 4}" width="${
      toX(value) - LABEL_WIDTH
    }" height="${ROW_HEIGHT - 8}" fill="#4a90d9"/>` + interval +
    text(WIDTH - 4, "end", value.toFixed(3));
}

function toX(value: number): number {
  const share = Math.min(1, Math.max(0, value));
  return LABEL_WIDTH + Math.round(share * BAR_WIDTH * 10) / 10;
}

function escapeXml(text: string): string {
  return toVisible(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
