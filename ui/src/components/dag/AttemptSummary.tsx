// The least that one wants to know of a task in a run: why it stands as it does, and its tries.
import type { Timeline } from "~/models/timeline.model";
import { StateGlyph } from "../StateGlyph";
import { AbsoluteTime, Duration } from "../Time";
import css from "./AttemptSummary.module.css";

export interface AttemptSummaryProps {
  timeline: Timeline | undefined;
  taskId: string;
  mapIndex: number;
  why: string | undefined;
}

const MANY = 50;

export function AttemptSummary({ timeline, taskId, mapIndex, why }: AttemptSummaryProps) {
  const bars = (timeline?.bars ?? []).filter((bar) => timeline!.tasks[bar[0]] === taskId && (mapIndex < 0 || bar[1] === mapIndex));
  return (
    <div className={css.summary}>
      {why !== undefined && <p>{why}</p>}
      {bars.length > 0 && (
        <table className={css.tries}>
          <thead>
            <tr>
              <th>Try</th>
              <th>State</th>
              <th>Began</th>
              <th>Took</th>
            </tr>
          </thead>
          <tbody>
            {bars.slice(0, MANY).map(([, index, tries, state, begun, ended], at) => (
              <tr key={at}>
                <td className="numbers">
                  {index >= 0 && mapIndex < 0 ? `[${index}] ` : ""}
                  {tries}
                </td>
                <td>
                  <StateGlyph state={state} named />
                </td>
                <td>
                  <AbsoluteTime at={begun} />
                </td>
                <td>
                  <Duration from={begun} to={ended} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
