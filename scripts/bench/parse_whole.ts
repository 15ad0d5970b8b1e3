/// <reference lib="webworker" />
import process from "node:process";

/** The archive, given away and back, and how long parsing it took. */
export interface WholeParse {
  bytes: Uint8Array<ArrayBuffer>;
  /** CPU time in µs. */
  took: number;
}

// A worker, because what it parsed goes with it: collecting 1 GB would slow down what is measured next.
self.onmessage = ({ data: bytes }: MessageEvent<WholeParse["bytes"]>) => {
  const before = process.cpuUsage();
  parse(new TextDecoder().decode(bytes));
  const { user, system } = process.cpuUsage(before);
  const whole: WholeParse = { bytes, took: user + system };
  self.postMessage(whole, [bytes.buffer]);
};

function parse(text: string): void {
  if (text.startsWith("[")) {
    JSON.parse(text);
    return;
  }
  text.split("\n").filter((line) => line !== "").map((line) =>
    JSON.parse(line)
  );
}
