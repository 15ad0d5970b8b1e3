import { render } from "preact";
import type { Home } from "../bundle.ts";
import { App } from "./app.tsx";
import { followAddress, here } from "./data/here.ts";
import { readPlace } from "./data/place.ts";
import { openProject } from "./data/project.ts";
import { keepToken } from "./data/token.ts";
import { listenToKeys } from "./keys.ts";

const app = document.getElementById("app")!;
// A host without headers of its own cannot forbid frames: who is framed shows nothing.
if (top !== self) app.textContent = "The dashboard does not run in a frame.";
else start();

function start(): void {
  keepToken();
  here.value = readPlace(location.hash);
  openProject(readHome());
  followAddress();
  listenToKeys();
  render(<App />, app);
}

function readHome(): Home {
  const told = document.querySelector<HTMLMetaElement>("meta[name=dashboard]");
  return JSON.parse(told!.content);
}
