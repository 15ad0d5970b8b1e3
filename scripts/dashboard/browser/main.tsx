import { render } from "preact";
import type { Home } from "./data/page_text.ts";
import { App } from "./app.tsx";
import { followAddress, here } from "./data/here.ts";
import { readPlace } from "./data/place.ts";
import { openProject } from "./data/project.ts";
import { replayAnswers } from "./data/recording.ts";
import { type Auth, openAuth, session } from "./data/session.ts";
import { keepToken, readToken, TOKEN_HEADER } from "./data/token.ts";
import { listenToKeys } from "./keys.ts";
import { SignIn } from "./sign_in.tsx";

const app = document.getElementById("app")!;
// A host without headers of its own cannot forbid frames: who is framed shows nothing.
if (top !== self) app.textContent = "The dashboard does not run in a frame.";
else await start(readHome());

async function start(home: Home): Promise<void> {
  if (home.kind === "local") {
    keepToken();
    openProject(
      home,
      location.origin,
      () => Promise.resolve({ [TOKEN_HEADER]: readToken() ?? "" }),
    );
    draw(<App />);
    return;
  }
  if (home.kind === "file") {
    if (location.hash === "") history.replaceState(null, "", home.place);
    const recorded = document.getElementById("recorded")!.textContent!;
    openProject(
      home,
      "https://recorded.invalid",
      () => Promise.resolve({}),
      replayAnswers(JSON.parse(recorded)),
    );
    draw(<App />);
    return;
  }
  const { projectUrl, key = "" } = home;
  const auth = await openAuth({ projectUrl, key });
  openProject(home, projectUrl, async () => ({
    apikey: key,
    authorization: `Bearer ${await auth.token()}`,
  }));
  draw(<Hosted auth={auth} />);
}

function draw(page: preact.VNode): void {
  here.value = readPlace(location.hash);
  followAddress();
  listenToKeys();
  render(page, app);
  // The first use of Intl takes a while: made when the first screen is there, and before a key needs it.
  setTimeout(() => new Date().toLocaleString(), 1_000);
}

function Hosted({ auth }: { auth: Auth }) {
  return session.value
    ? <App signOut={() => auth.signOut()} />
    : <SignIn auth={auth} />;
}

function readHome(): Home {
  const told = document.querySelector<HTMLMetaElement>("meta[name=dashboard]");
  return JSON.parse(told!.content);
}
