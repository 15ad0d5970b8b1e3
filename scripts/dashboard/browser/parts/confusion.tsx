import type { Agreement } from "../data/agreement_answer.ts";
import { toNumber, toPercent } from "./formats.ts";

/** What people and the judge say of the same answers: four cells. */
export function Confusion(
  { confusion }: { confusion: Agreement["confusion"] },
) {
  const { is_weighted, judged_rate } = confusion;
  const cell = (value: number) =>
    is_weighted ? toPercent(value) : toNumber(value);
  return (
    <div>
      <table class="confusion">
        <caption class="hint">
          {is_weighted
            ? `Shares of all answers, of which the judge passes ${
              toPercent(judged_rate)
            }`
            : "Answers"}
        </caption>
        <thead>
          <tr>
            <td />
            <th scope="col">judge passes</th>
            <th scope="col">judge fails</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">people pass</th>
            <td class="good">{cell(confusion.both_pass)}</td>
            <td class="bad">{cell(confusion.only_people)}</td>
          </tr>
          <tr>
            <th scope="row">people fail</th>
            <td class="bad">{cell(confusion.only_judge)}</td>
            <td class="good">{cell(confusion.both_fail)}</td>
          </tr>
        </tbody>
      </table>
    </div>
  );
}
