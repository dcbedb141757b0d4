// A run: how it stands, its tasks along time or as a graph, what has happened to it, and what it was started with.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { runEventsQuery, runViewQuery, whyQuery } from "~/api/tasks";
import { go, type Params } from "~/app/router";
import { RunActions } from "~/components/changes/RunActions";
import { JsonTree } from "~/components/JsonTree";
import { Empty, Failure, Waiting } from "~/components/Panel";
import { RunEvents } from "~/components/run/RunEvents";
import { RunHead } from "~/components/run/RunHead";
import { RunTasks } from "~/components/run/RunTasks";
import { Tabs } from "~/components/Tabs";
import { links } from "~/models/links.model";
import css from "./Run.module.css";

const RunGraph = lazy(() => import("./run/RunGraph"));

export default function Run({ params }: { params: Params }) {
  const dagId = params.dag_id!;
  const runId = params.run_id!;
  const tab = params.tab ?? "tasks";
  const found = useQuery(runViewQuery(dagId, runId));
  const why = useQuery(whyQuery(dagId, runId));
  const run = found.data;
  if (run === undefined) {
    return found.error !== null ? <Failure error={found.error} again={() => void found.refetch()} /> : <Waiting rows={12} />;
  }
  const given = Object.keys(run.conf).length;
  const again = () => go(`${links.trigger(dagId)}?${new URLSearchParams({ like: runId })}`);
  return (
    <div className={css.page}>
      <RunHead run={run} why={why.data?.sentence ?? run.reason} actions={<RunActions run={run} onAgain={again} />} />
      <Tabs
        label="Of this run"
        chosen={tab}
        tabs={[
          { id: "tasks", label: "Tasks", href: links.run(dagId, runId), count: run.tasks.length },
          { id: "graph", label: "Graph", href: links.run(dagId, runId, "graph") },
          { id: "events", label: "Events", href: links.run(dagId, runId, "events") },
          { id: "params", label: "Params", href: links.run(dagId, runId, "params"), count: given || undefined },
        ]}
      />
      {tab === "tasks" && (
        <div className={css.tasks}>
          <RunTasks run={run} />
        </div>
      )}
      {tab === "graph" && (
        <div className={css.graph}>
          <Suspense fallback={<Waiting rows={10} />}>
            <RunGraph run={run} />
          </Suspense>
        </div>
      )}
      {tab === "events" && <Events dagId={dagId} runId={runId} />}
      {tab === "params" &&
        (given === 0 ? (
          <Empty title="It was started without params.">
            <p>The defaults in the DAG's file hold. Params are given when a run is started.</p>
          </Empty>
        ) : (
          <div className={css.params}>
            <JsonTree value={run.conf} open={4} />
          </div>
        ))}
    </div>
  );
}

function Events({ dagId, runId }: { dagId: string; runId: string }) {
  const found = useInfiniteQuery(runEventsQuery(dagId, runId));
  if (found.data === undefined) {
    return found.error !== null ? <Failure error={found.error} again={() => void found.refetch()} /> : <Waiting rows={8} />;
  }
  return (
    <RunEvents
      events={found.data.pages.flatMap((page) => page.events)}
      more={found.hasNextPage}
      busy={found.isFetchingNextPage}
      onMore={() => void found.fetchNextPage()}
    />
  );
}
