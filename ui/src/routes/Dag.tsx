// One DAG: its head, its tabs, and what was chosen in them beside. Each tab is loaded when it is first looked at.
import { useQuery } from "@tanstack/react-query";
import { type ComponentType, lazy, Suspense, useState } from "react";
import { setPaused, startRun } from "~/api/actions";
import { comingQuery, detailsQuery } from "~/api/dagQueries";
import { cache } from "~/api/live";
import { useCommands } from "~/app/commands";
import { useKeys } from "~/app/keys";
import { go, type Params } from "~/app/router";
import { useMay } from "~/app/session";
import { DagHead } from "~/components/dag/DagHead";
import { PausedDialog } from "~/components/dags/PausedDialog";
import { Empty, Failure, Waiting } from "~/components/Panel";
import { Tabs } from "~/components/Tabs";
import { type DagTab, links } from "~/models/links.model";
import css from "./Dag.module.css";

const BackfillDialog = lazy(async () => ({ default: (await import("~/components/trigger/BackfillDialog")).BackfillDialog }));

export interface DagTabProps {
  dagId: string;
}

const TABS: { id: DagTab; label: string; key: string; load: ComponentType<DagTabProps> }[] = [
  { id: "overview", label: "Overview", key: "o", load: lazy(() => import("./dag/Overview")) },
  { id: "grid", label: "Grid", key: "g", load: lazy(() => import("./dag/Grid")) },
  { id: "graph", label: "Graph", key: "r", load: lazy(() => import("./dag/Graph")) },
  { id: "timeline", label: "Timeline", key: "t", load: lazy(() => import("./dag/Timeline")) },
  { id: "calendar", label: "Calendar", key: "c", load: lazy(() => import("./dag/Calendar")) },
  { id: "durations", label: "Durations", key: "d", load: lazy(() => import("./dag/Durations")) },
  { id: "runs", label: "Runs", key: "u", load: lazy(() => import("./dag/Runs")) },
  { id: "backfills", label: "Backfills", key: "b", load: lazy(() => import("./dag/Backfills")) },
  { id: "code", label: "Code", key: "s", load: lazy(() => import("./dag/Code")) },
  { id: "details", label: "Details", key: "i", load: lazy(() => import("./dag/Details")) },
];

export default function Dag({ params }: { params: Params }) {
  const dagId = params.dag_id!;
  const tab = TABS.find((one) => one.id === (params.tab ?? "overview"));
  const details = useQuery(detailsQuery(dagId));
  const coming = useQuery(comingQuery(dagId));
  const [asks, setAsks] = useState<"start" | "backfill" | null>(null);
  const mayRun = useMay("runs:write", dagId);
  const mayPause = useMay("dags:write", dagId);
  const dag = details.data;
  const pause = (paused: boolean) => {
    cache.setQueryData(detailsQuery(dagId).queryKey, (known) => (known === undefined ? known : { ...known, is_paused: paused }));
    // What was refused is read anew, and what was done is told by an event.
    void setPaused(dagId, paused).then(() => cache.invalidateQueries({ queryKey: detailsQuery(dagId).queryKey }));
  };
  const trigger = () => {
    if (dag === undefined) return;
    if (Object.keys(dag.params ?? {}).length > 0) go(links.trigger(dagId));
    else if (dag.is_paused) setAsks("start");
    else void startRun(dagId);
  };
  useKeys([
    ...TABS.map((one) => ({ keys: `v ${one.key}`, label: one.label, group: "This DAG", run: () => go(links.dag(dagId, one.id)) })),
    { keys: "p", label: "Pause or unpause", group: "This DAG", run: () => mayPause && dag !== undefined && pause(!dag.is_paused) },
    { keys: "T", label: "Trigger", group: "This DAG", run: () => mayRun && trigger() },
  ]);
  useCommands([
    ...TABS.map((one) => ({ id: `tab-${one.id}`, label: `${one.label} of ${dagId}`, group: "This DAG", run: () => go(links.dag(dagId, one.id)) })),
    ...(mayRun ? [{ id: "trigger", label: `Trigger ${dagId}`, group: "This DAG", words: "run start", run: trigger }] : []),
    ...(mayPause && dag !== undefined
      ? [{ id: "pause", label: `${dag.is_paused ? "Unpause" : "Pause"} ${dagId}`, group: "This DAG", run: () => pause(!dag.is_paused) }]
      : []),
  ]);
  if (details.error !== null && dag === undefined) {
    return (
      <div className={css.broken}>
        <Failure error={details.error} again={() => void details.refetch()} />
      </div>
    );
  }
  const Tab = tab?.load;
  return (
    <div className={css.page} data-fills={tab !== undefined && ["grid", "graph", "timeline", "code", "runs"].includes(tab.id) ? true : undefined}>
      <DagHead
        dagId={dagId}
        dag={dag}
        coming={coming.data}
        mayPause={mayPause}
        mayRun={mayRun}
        onPause={pause}
        onTrigger={trigger}
        onBackfill={dag?.is_backfillable ? () => setAsks("backfill") : undefined}
      />
      <div className={css.tabs}>
        <Tabs
          label="Views of this DAG"
          chosen={tab?.id ?? ""}
          tabs={TABS.map((one) => ({ id: one.id, label: one.label, href: links.dag(dagId, one.id) }))}
        />
      </div>
      <div className={css.body}>
        <Suspense fallback={<Waiting rows={10} />}>
          {Tab !== undefined ? <Tab key={dagId} dagId={dagId} /> : <Empty title="A DAG has no such view.">Choose one above.</Empty>}
        </Suspense>
      </div>
      {asks === "start" && (
        <PausedDialog
          dag={{ name: dag?.dag_display_name ?? dagId, schedule: dag?.timetable_summary ?? null }}
          onClose={() => setAsks(null)}
          onRun={(unpause) => {
            setAsks(null);
            void (async () => {
              if (unpause) await setPaused(dagId, false, true);
              await startRun(dagId);
            })();
          }}
        />
      )}
      {asks === "backfill" && (
        <Suspense fallback={null}>
          <BackfillDialog dagId={dagId} onClose={() => setAsks(null)} />
        </Suspense>
      )}
    </div>
  );
}
