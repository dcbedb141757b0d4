// The events of an asset: when, who told of it, what it brought along, and which runs it started.
import { Link } from "~/app/router";
import { type AssetEvent, sourceOf } from "~/models/assets.model";
import { links } from "~/models/links.model";
import { secondsOf } from "~/models/time.model";
import { JsonTree } from "../JsonTree";
import { StateGlyph } from "../StateGlyph";
import { RelativeTime } from "../Time";
import css from "./Assets.module.css";

export function AssetEvents({ events }: { events: AssetEvent[] }) {
  return (
    <ul className={css.events}>
      {events.map((one) => (
        <Event key={one.id} event={one} />
      ))}
    </ul>
  );
}

function Event({ event }: { event: AssetEvent }) {
  const { source_dag_id: dag, source_run_id: run, source_task_id: task } = event;
  const extra = event.extra ?? {};
  return (
    <li>
      <div className={css.line}>
        <span className={css.when}>
          <RelativeTime at={secondsOf(event.timestamp)} />
        </span>
        {dag && run && task ? (
          <Link className="plain-link" href={links.task(dag, run, task, { map: event.source_map_index })}>
            {sourceOf(event)}
          </Link>
        ) : (
          <span>{sourceOf(event)}</span>
        )}
        {event.partition_key && <span>partition {event.partition_key}</span>}
        {event.created_dagruns.map((one) => (
          <span key={`${one.dag_id} ${one.run_id}`} className={css.started}>
            started <StateGlyph state={one.state} size={11} />{" "}
            <Link className="plain-link" href={links.run(one.dag_id, one.run_id)}>
              {one.dag_id}
            </Link>
          </span>
        ))}
      </div>
      {Object.keys(extra).length > 0 && <JsonTree value={extra} open={1} />}
    </li>
  );
}
