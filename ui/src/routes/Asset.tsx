// One asset: what makes and uses it, its events, what waits by it, and telling of an event.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { assetEventsQuery, assetQuery, forgetQueue, queuedQuery, tellOfEvent } from "~/api/assets";
import { useCommands } from "~/app/commands";
import { Link, type Params } from "~/app/router";
import { useMay } from "~/app/session";
import { toastError } from "~/app/toasts";
import { AssetEvents } from "~/components/assets/AssetEvents";
import { AssetGraph } from "~/components/assets/AssetGraph";
import css from "~/components/assets/Assets.module.css";
import { TellDialog } from "~/components/assets/TellDialog";
import { Button } from "~/components/Button";
import { JsonTree } from "~/components/JsonTree";
import { Empty, Failure, Panel, Waiting } from "~/components/Panel";
import { RelativeTime } from "~/components/Time";
import { links } from "~/models/links.model";
import { secondsOf } from "~/models/time.model";

export default function AssetPage({ params }: { params: Params }) {
  const id = Number(params.asset_id);
  const found = useQuery(assetQuery(id));
  const events = useQuery(assetEventsQuery(id));
  const queue = useQuery(queuedQuery(id));
  const mayWrite = useMay("assets:write");
  const [tells, setTells] = useState(false);
  useCommands(mayWrite ? [{ id: "tell", label: "Tell of an event of this asset", run: () => setTells(true) }] : []);
  const asset = found.data;
  if (asset === undefined) {
    return found.error !== null ? <Failure error={found.error} again={() => void found.refetch()} /> : <Waiting />;
  }
  const waits = queue.data ?? [];
  return (
    <div className={css.page}>
      <header className={css.head}>
        <div>
          <h1>{asset.name}</h1>
          {asset.uri !== asset.name && <p>{asset.uri}</p>}
        </div>
        {mayWrite && (
          <Button kind="main" onClick={() => setTells(true)}>
            Tell of an event
          </Button>
        )}
      </header>
      <Panel title="What makes and uses it">
        <AssetGraph asset={asset} />
      </Panel>
      <div className={css.columns}>
        <Panel title="Events" more={events.data && `${events.data.total_entries} in all`} flush>
          {events.data === undefined ? (
            events.error !== null ? <Failure error={events.error} again={() => void events.refetch()} /> : <Waiting />
          ) : events.data.asset_events.length === 0 ? (
            <Empty title="No event yet.">
              <p>One is told when a task that makes it succeeds, when a watcher sees it, over the API, or by hand here.</p>
            </Empty>
          ) : (
            <AssetEvents events={events.data.asset_events} />
          )}
        </Panel>
        <div className={css.side}>
          <Panel
            title="Waiting events"
            more={
              mayWrite &&
              waits.length > 0 && (
                <Button size="small" onClick={() => void forgetQueue(asset).catch(toastError)}>
                  Forget
                </Button>
              )
            }
          >
            {waits.length === 0 ? (
              <p className={css.soft}>None. One waits here while a DAG needs other assets too before it starts.</p>
            ) : (
              <ul className={css.list}>
                {waits.map((one) => (
                  <li key={one.dag_id}>
                    <Link className="plain-link" href={links.dag(one.dag_id)}>
                      {one.dag_display_name}
                    </Link>
                    <RelativeTime at={secondsOf(one.created_at)} />
                  </li>
                ))}
              </ul>
            )}
          </Panel>
          <Panel title="Watchers">
            {asset.watchers.length === 0 ? (
              <p className={css.soft}>None. A watcher looks for it outside and tells of events by itself.</p>
            ) : (
              <ul className={css.list}>
                {asset.watchers.map((one) => (
                  <li key={one.trigger_id}>{one.name}</li>
                ))}
              </ul>
            )}
          </Panel>
          {(asset.aliases.length > 0 || Object.keys(asset.extra ?? {}).length > 0) && (
            <Panel title="Details">
              {asset.aliases.length > 0 && <p className={css.soft}>Also {asset.aliases.map((one) => one.name).join(", ")}</p>}
              {Object.keys(asset.extra ?? {}).length > 0 && <JsonTree value={asset.extra} open={1} />}
            </Panel>
          )}
        </div>
      </div>
      {tells && <TellDialog asset={asset} onTell={(extra) => tellOfEvent(asset, extra)} onClose={() => setTells(false)} />}
    </div>
  );
}
