import { useState } from "preact/hooks";
import type { Auth } from "./data/session.ts";

/** Where somebody signs in to a dashboard that is hosted anywhere. */
export function SignIn({ auth }: { auth: Auth }) {
  const [said, setSaid] = useState<
    { words: string; isProblem?: true } | undefined
  >(
    auth.linkProblem ? { words: auth.linkProblem, isProblem: true } : undefined,
  );
  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const [email, password] = ["email", "password"].map((name) =>
      String(form.get(name))
    );
    try {
      if (password !== "") return await auth.withPassword(email, password);
      await auth.sendLink(email);
      setSaid({ words: `A link was sent to ${email}, if it may sign in.` });
    } catch (error) {
      setSaid({ words: (error as Error).message, isProblem: true });
    }
  }
  return (
    <main class="sign-in">
      <h1>prompt-pipeline</h1>
      <form onSubmit={submit}>
        <label>
          Email{" "}
          <input type="email" name="email" required autocomplete="username" />
        </label>
        <label>
          Password{" "}
          <input
            type="password"
            name="password"
            autocomplete="current-password"
          />
        </label>
        <p class="hint">Without a password a link is sent that signs in.</p>
        <button type="submit" class="primary">Sign in</button>
      </form>
      {said && (
        <p class={said.isProblem && "problem"} role="status">{said.words}</p>
      )}
    </main>
  );
}
