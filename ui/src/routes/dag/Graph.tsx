// The graph of a DAG as it stands in a run, and, beside it, the task that was chosen.
import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { graphQuery, gridQuery } from "~/api/dagQueries";
import { go, setQuery, useQuery as useAddressed } from "~/app/router";
import { toastError } from "~/app/toasts";
import { RunChooser } from "~/components/dag/RunChooser";
import { SidePanel } from "~/components/dag/SidePanel";
import { GraphPanel } from "~/components/graph/GraphPanel";
import { Failure, Waiting } from "~/components/Panel";
import type { Cell } from "~/models/grid.model";
import { links } from "~/models/links.model";
import type { DagTabProps } from "../Dag";
import { Chosen } from "./Chosen";

export default function Graph({ dagId }: DagTabProps) {
  const gridAsked = useQuery(gridQuery(dagId));
  const grid = gridAsked.data;
  const [askedRun] = useAddressed("run");
  const [taskId] = useAddressed("task");
  const [assets, setAssets] = useAddressed("assets", "shown");
  const runs = grid?.runs ?? [];
  const run = askedRun === "" ? runs[runs.length - 1] : runs.find((one) => one.runId === askedRun);
  // The run's own version is what is drawn.
  const version = run !== undefined && run.version !== grid?.version ? run.version : undefined;
  const graphAsked = useQuery(graphQuery(dagId, version));
  const graph = graphAsked.data;
  const cellOf = useCallback(
    (task: string): Cell | null => {
      const place = grid?.place.get(task);
      return run === undefined || place === undefined ? null : { code: run.cells[place]!, counts: run.mapped.get(place) ?? null };
    },
    [run, grid?.place],
  );
  const error = gridAsked.error ?? graphAsked.error;
  if (graph === undefined || grid === undefined) {
    return error !== null ? <Failure error={error} again={() => void graphAsked.refetch()} /> : <Waiting rows={10} />;
  }
  const close = () => setQuery({ task: null, map: null });
  return (
    <GraphPanel
      graph={graph}
      cellOf={cellOf}
      chosen={taskId === "" ? null : taskId}
      onChoose={(task) => setQuery({ task, map: null })}
      onOpen={(task) => run !== undefined && go(links.task(dagId, run.runId, task))}
      onClose={close}
      title={run === undefined ? dagId : `${dagId} · ${run.runId}`}
      withAssets={assets === "shown"}
      onAssets={(shown) => setAssets(shown ? "shown" : "hidden")}
      onProblem={toastError}
      head={
        <>
          {runs.length > 0 ? <RunChooser runs={runs} chosen={run?.runId ?? askedRun} onChoose={(next) => setQuery({ run: next })} /> : <span>There are no runs yet.</span>}
          {version !== undefined && <span>version {version}</span>}
        </>
      }
      side={
        taskId !== "" &&
        run !== undefined && (
          <SidePanel label="What is chosen" onClose={close}>
            <Chosen dagId={dagId} runId={run.runId} taskId={taskId} group={null} mapIndex={-1} grid={grid} graph={graph} />
          </SidePanel>
        )
      }
    />
  );
}
