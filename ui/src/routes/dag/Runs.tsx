// The runs of one DAG as a list, newest first; more are read as one comes to the end.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { gridQuery, readOlderRuns } from "~/api/dagQueries";
import { useQuery as useAddressed } from "~/app/router";
import { toastError } from "~/app/toasts";
import { RunTable } from "~/components/dag/RunTable";
import { Failure, Waiting } from "~/components/Panel";
import type { DagTabProps } from "../Dag";

export default function Runs({ dagId }: DagTabProps) {
  const client = useQueryClient();
  const grid = useQuery(gridQuery(dagId));
  const [state, setState] = useAddressed("state");
  const [type, setType] = useAddressed("type");
  const runs = grid.data?.runs;
  const rows = useMemo(
    () => (runs ?? []).filter((run) => (state === "" || run.state === state) && (type === "" || run.type === type)).reverse(),
    [runs, state, type],
  );
  if (grid.data === undefined) {
    return grid.error !== null ? <Failure error={grid.error} again={() => void grid.refetch()} /> : <Waiting rows={12} />;
  }
  return (
    <RunTable
      dagId={dagId}
      rows={rows}
      known={grid.data.runs.length}
      hasOlder={grid.data.hasOlder}
      types={[...new Set(grid.data.runs.map((run) => run.type))]}
      state={state}
      type={type}
      onState={setState}
      onType={setType}
      onEnd={() => grid.data.hasOlder && void readOlderRuns(client, dagId).catch(toastError)}
    />
  );
}
