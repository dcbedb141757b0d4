// A run in a few lines: how it stands, why, what it is about, who or what began it.
import type { ReactNode } from "react";
import { Link } from "~/app/router";
import type { RunView } from "~/models/attempt.model";
import { links } from "~/models/links.model";
import { beganBy, standing } from "~/models/run.model";
import { wordOf } from "~/models/states.model";
import { Note, Why } from "../Said";
import { StateGlyph } from "../StateGlyph";
import { AbsoluteTime, Duration, RelativeTime } from "../Time";
import css from "./RunHead.module.css";

export interface RunHeadProps {
  run: RunView;
  why: string | null;
  actions: ReactNode;
}

export function RunHead({ run, why, actions }: RunHeadProps) {
  return (
    <header className={css.head}>
      <div className={css.title}>
        <StateGlyph state={run.state} size={18} />
        <h1>
          <Link href={links.dag(run.dag_id)}>{run.dag_name}</Link>
          <span className={css.id}>{run.run_id}</span>
        </h1>
        <div className={css.actions}>{actions}</div>
      </div>
      <p className={css.stands} role="status">
        {wordOf(run.state)}
        {run.tasks.length > 0 && <span className={css.soft}>: {standing(run)}</span>}
      </p>
      <dl className={css.facts}>
        <div>
          <dt>Began</dt>
          <dd>
            {run.started === null ? "not yet" : <RelativeTime at={run.started} />} <span className={css.soft}>{beganBy(run)}</span>
          </dd>
        </div>
        <div>
          <dt>{run.ended === null ? "So far" : "Took"}</dt>
          <dd>
            <Duration from={run.started} to={run.ended} />
          </dd>
        </div>
        {run.date !== null && (
          <div>
            <dt>Date</dt>
            <dd>
              <AbsoluteTime at={run.date} />
            </dd>
          </div>
        )}
        {run.interval !== null && run.interval[0] !== run.interval[1] && (
          <div>
            <dt>Interval</dt>
            <dd>
              <AbsoluteTime at={run.interval[0]} /> to <AbsoluteTime at={run.interval[1]} />
            </dd>
          </div>
        )}
        <div>
          <dt>Version</dt>
          <dd>{run.version_number}</dd>
        </div>
      </dl>
      {why !== null && run.state !== "success" && <Why failed={run.state === "failed"}>{why}</Why>}
      {run.note && <Note>{run.note}</Note>}
    </header>
  );
}
