import type { Agreement, Estimate } from "../data/agreement_answer.ts";
import { Confusion } from "./confusion.tsx";
import { Facts } from "./facts.tsx";
import { toNumber, toScore, toSigned } from "./formats.ts";
import { Interval } from "./interval.tsx";
import { VisibleText } from "./visible_text.tsx";

/** How the labelled answers were chosen, in words. */
const CHOSEN = {
  random: "chosen at random",
  verdict: "chosen by the judge's verdict",
  hand: "chosen by hand",
};

/** How far a judge and people agree, in figures with their 95 % intervals. */
export function AgreementFigures({ agreement }: { agreement: Agreement }) {
  const { answers, chosen, left_out, people, note } = agreement;
  const { scores, categories, alpha, alpha_of_people } = agreement;
  return (
    <section aria-label="Figures">
      <p class="sentence">
        {toNumber(answers)} answers {CHOSEN[chosen]}, labelled by{" "}
        {people.map((person, place) => (
          <span key={person}>
            {place > 0 && ", "}
            <VisibleText text={person || "somebody"} />
          </span>
        ))}.
        {left_out > 0 &&
          ` ${
            toNumber(left_out)
          } more were labelled by hand and are not counted.`}
        {note && (
          <>
            {" "}
            <VisibleText text={note} />
          </>
        )}
      </p>
      <div class="beside-each-other">
        <Confusion confusion={agreement.confusion} />
        <table class="estimates">
          <tbody>
            <Row
              name="Agreement"
              means="both say the same"
              estimate={agreement.agreement}
            />
            <Row
              name="TPR"
              means="of what people pass, the judge passes"
              estimate={agreement.tpr}
            />
            <Row
              name="TNR"
              means="of what people fail, the judge fails"
              estimate={agreement.tnr}
            />
            <Row
              name="Kappa"
              means="agreement beyond chance; low where nearly all pass"
              estimate={agreement.kappa}
              from={-1}
            />
            {alpha && (
              <Row
                name="Alpha"
                means="the judge and each person as raters, Krippendorff's"
                estimate={alpha}
                from={-1}
              />
            )}
            {alpha_of_people.value !== null && (
              <Row
                name="Alpha of people"
                means={`among themselves, ${
                  toNumber(alpha_of_people.answers)
                } answers`}
                estimate={alpha_of_people}
                from={-1}
              />
            )}
          </tbody>
        </table>
      </div>
      {scores && (
        <Facts
          facts={{
            "Answers with scores": toNumber(scores.answers),
            "Mean of the judge": toScore(scores.judge_mean),
            "Mean of people": toScore(scores.people_mean),
            "Kappa, linear": toScore(scores.linear_kappa),
            "Kappa, quadratic": toScore(scores.quadratic_kappa),
            "Alpha of scores": toScore(scores.alpha.value),
          }}
        />
      )}
      {categories && (
        <Facts
          facts={{
            "Answers with categories": toNumber(categories.answers),
            "Same category": toScore(categories.agreement),
            "Kappa of categories": toScore(categories.kappa),
            "Alpha of categories": toScore(categories.alpha.value),
          }}
        />
      )}
    </section>
  );
}

function Row({ name, means, estimate, from = 0 }: {
  name: string;
  means: string;
  estimate: Estimate;
  from?: number;
}) {
  const { value, low, high } = estimate;
  // What computing leaves of a zero is one.
  const format = (end: number) =>
    (from < 0 ? toSigned : toScore)(Math.round(end * 1e6) / 1e6);
  return (
    <tr>
      <th scope="row">
        {name} <span class="hint">{means}</span>
      </th>
      <td>
        <Interval mean={value} low={low} high={high} from={from} />
        {low !== null && high !== null && (
          <span class="hint">{format(low)} to {format(high)}</span>
        )}
      </td>
    </tr>
  );
}
