// The graph of a run as it goes, and, beside it, the task that was chosen.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { graphQuery } from "~/api/dagQueries";
import { go, setQuery, useQuery as useAddressed, withQuery } from "~/app/router";
import { toastError } from "~/app/toasts";
import { AttemptPanel } from "~/components/attempt/AttemptPanel";
import { SidePanel } from "~/components/dag/SidePanel";
import { GraphPanel } from "~/components/graph/GraphPanel";
import { Failure, Waiting } from "~/components/Panel";
import type { RunView } from "~/models/attempt.model";
import { links } from "~/models/links.model";
import { cellsOfRun } from "~/models/run.model";
import { isOpenRun } from "~/models/states.model";

export default function RunGraph({ run }: { run: RunView }) {
  const asked = useQuery(graphQuery(run.dag_id, run.version_number));
  const [taskId] = useAddressed("task");
  const [map] = useAddressed("map", "-1");
  const [assets, setAssets] = useAddressed("assets", "shown");
  const cells = useMemo(() => cellsOfRun(run), [run]);
  const cellOf = useMemo(() => (task: string) => cells.get(task) ?? null, [cells]);
  if (asked.data === undefined) {
    return asked.error !== null ? <Failure error={asked.error} again={() => void asked.refetch()} /> : <Waiting rows={10} />;
  }
  const close = () => setQuery({ task: null, map: null });
  const instanceAt = (index: number) => withQuery({ map: String(index), try: null });
  return (
    <GraphPanel
      graph={asked.data}
      cellOf={cellOf}
      chosen={taskId === "" ? null : taskId}
      onChoose={(task) => setQuery({ task, map: null })}
      onOpen={(task) => go(links.task(run.dag_id, run.run_id, task))}
      onClose={close}
      title={`${run.dag_id} · ${run.run_id}`}
      withAssets={assets === "shown"}
      onAssets={(shown) => setAssets(shown ? "shown" : "hidden")}
      onProblem={toastError}
      head={<span>{isOpenRun(run.state) ? "It moves as the run does." : "As the run ended."}</span>}
      side={
        taskId !== "" && (
          <SidePanel label="What is chosen" onClose={close}>
            <AttemptPanel
              dagId={run.dag_id}
              runId={run.run_id}
              taskId={taskId}
              mapIndex={/^\d+$/.test(map) ? Number(map) : -1}
              hrefOf={instanceAt}
              beside
            />
          </SidePanel>
        )
      }
    />
  );
}
