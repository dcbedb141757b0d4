// The tries of an instance beside one another, and what each took.
import { Link } from "~/app/router";
import { memory, type TaskView, triesOf } from "~/models/attempt.model";
import { sizeOf } from "~/models/log.model";
import { duration } from "~/models/time.model";
import { Empty } from "../Panel";
import { StateGlyph } from "../StateGlyph";
import { AbsoluteTime, Duration } from "../Time";
import css from "./Tries.module.css";

export interface TriesProps {
  task: TaskView;
  chosen: number;
  logOf: (tryNumber: number) => string;
}

export function Tries({ task, chosen, logOf }: TriesProps) {
  const tries = triesOf(task);
  if (tries.length === 0) {
    return (
      <Empty title="It has not begun yet.">
        <p>Each time that it is tried stands here in a column of its own, with how it ended and why.</p>
      </Empty>
    );
  }
  return (
    <div className={css.scroll} tabIndex={0} role="region" aria-label="Tries">
      <table className={css.tries}>
        <thead>
          <tr>
            <td />
            {tries.map((one) => (
              <th key={one.number} scope="col" data-chosen={one.number === chosen || undefined}>
                <Link href={logOf(one.number)} title="Its log">
                  <StateGlyph state={one.outcome} size={13} /> Try {one.number}
                </Link>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Began</th>
            {tries.map((one) => (
              <td key={one.number}>
                <AbsoluteTime at={one.started} />
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">Took</th>
            {tries.map((one) => (
              <td key={one.number}>
                <Duration from={one.started} to={one.ended} />
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">Ended</th>
            {tries.map((one) => (
              <td key={one.number}>
                <StateGlyph state={one.outcome} named size={12} />
                {one.attempts.length > 1 && <div className={css.soft}>{one.attempts.length} attempts</div>}
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">Why</th>
            {tries.map((one) => (
              <td key={one.number} className={css.why}>
                {one.attempts[one.attempts.length - 1]?.reason ?? "–"}
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">Memory</th>
            {tries.map((one) => (
              <td key={one.number}>{one.peak === null ? "–" : memory(one.peak)}</td>
            ))}
          </tr>
          <tr>
            <th scope="row">Log</th>
            {tries.map((one) => (
              <td key={one.number}>{sizeOf(one.attempts.reduce((sum, attempt) => Math.max(sum, attempt.log_bytes), 0))}</td>
            ))}
          </tr>
        </tbody>
      </table>
    </div>
  );
}

/** Memory and time of each try, against their limits. */
export function Resources({ task }: { task: TaskView }) {
  const tries = triesOf(task);
  const most = Math.max(task.memory_limit_mb ?? 0, ...tries.map((one) => one.peak ?? 0), 1);
  const took = (one: (typeof tries)[number]) => (one.started === null || one.ended === null ? null : one.ended - one.started);
  const longest = Math.max(task.time_limit_s ?? 0, ...tries.map((one) => took(one) ?? 0), 0.001);
  const last = tries[tries.length - 1];
  const attempt = last?.attempts[last.attempts.length - 1];
  if (last === undefined) return <Empty title="It has not begun yet." />;
  return (
    <div className={css.resources}>
      <Bars
        title="Memory at its highest"
        limit={task.memory_limit_mb === null ? null : `limit ${memory(task.memory_limit_mb)}`}
        rows={tries.map((one) => ({
          name: `Try ${one.number}`,
          share: (one.peak ?? 0) / most,
          text: one.peak === null ? (one.ended === null ? "told when it has ended" : "unknown") : memory(one.peak),
        }))}
      />
      <Bars
        title="Time"
        limit={task.time_limit_s === null ? null : `limit ${duration(task.time_limit_s)}`}
        rows={tries.map((one) => ({
          name: `Try ${one.number}`,
          share: (took(one) ?? 0) / longest,
          text: took(one) === null ? "runs" : duration(took(one)!),
        }))}
      />
      {tries.some((one) => one.cpu !== null) && (
        <Bars
          title="Processor time"
          limit={null}
          rows={tries.map((one) => ({
            name: `Try ${one.number}`,
            share: (one.cpu ?? 0) / Math.max(longest, ...tries.map((each) => each.cpu ?? 0)),
            text: one.cpu === null ? "unknown" : duration(one.cpu),
          }))}
        />
      )}
      <dl className={css.facts}>
        <dt>Operator</dt>
        <dd>{task.operator}</dd>
        <dt>Pool</dt>
        <dd>{task.pool}</dd>
        {attempt?.host && (
          <>
            <dt>Machine</dt>
            <dd>{attempt.host}</dd>
          </>
        )}
        {attempt?.exit_code !== null && attempt?.exit_code !== undefined && (
          <>
            <dt>Exit code</dt>
            <dd>{attempt.exit_code}</dd>
          </>
        )}
        {attempt?.signal ? (
          <>
            <dt>Signal</dt>
            <dd>{attempt.signal}</dd>
          </>
        ) : null}
      </dl>
    </div>
  );
}

interface BarsProps {
  title: string;
  limit: string | null;
  rows: { name: string; share: number; text: string }[];
}

function Bars({ title, limit, rows }: BarsProps) {
  return (
    <section className={css.bars}>
      <h3>
        {title}
        {limit !== null && <span className={css.soft}>{limit}</span>}
      </h3>
      {rows.map((row) => (
        <div key={row.name} className={css.bar}>
          <span>{row.name}</span>
          <span className={css.track}>
            <span style={{ width: `${Math.min(100, row.share * 100)}%` }} />
          </span>
          <span className={css.much}>{row.text}</span>
        </div>
      ))}
    </section>
  );
}
