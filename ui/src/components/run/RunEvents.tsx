// What has happened to a run, in words, the newest first.
import { useZone } from "~/app/clock";
import { happenings, type RunEvent } from "~/models/run.model";
import { absolute, clockOf } from "~/models/time.model";
import { Button } from "../Button";
import { Empty } from "../Panel";
import { StateGlyph } from "../StateGlyph";
import css from "./RunEvents.module.css";

export interface RunEventsProps {
  events: RunEvent[];
  more: boolean;
  busy: boolean;
  onMore: () => void;
}

export function RunEvents({ events, more, busy, onMore }: RunEventsProps) {
  const zone = useZone();
  const lines = events.flatMap(happenings);
  if (lines.length === 0) return <Empty title="Nothing has happened yet." />;
  return (
    <div className={css.events}>
      <ol>
        {lines.map((one) => (
          <li key={one.id}>
            <time className={css.time} title={absolute(one.at, zone, true)}>
              {clockOf(one.at, zone, true)}
            </time>
            <span className={css.glyph}>{one.state !== null && <StateGlyph state={one.state} size={12} />}</span>
            <span className={css.text}>
              {one.text}
              {one.more !== null && <span className={css.more}>{one.more}</span>}
            </span>
          </li>
        ))}
      </ol>
      {more && (
        <Button busy={busy} onClick={onMore}>
          Earlier ones
        </Button>
      )}
    </div>
  );
}
