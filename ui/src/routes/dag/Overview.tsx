// A DAG at a glance: how it stands, its last runs, what comes next, and what its author says of it.
import { useQuery } from "@tanstack/react-query";
import { comingQuery, detailsQuery, graphQuery, gridQuery, whyQuery } from "~/api/dagQueries";
import { OverviewView } from "~/components/dag/OverviewView";
import { Failure, Waiting } from "~/components/Panel";
import type { DagTabProps } from "../Dag";

export default function Overview({ dagId }: DagTabProps) {
  const grid = useQuery(gridQuery(dagId));
  const details = useQuery(detailsQuery(dagId));
  const coming = useQuery(comingQuery(dagId));
  const graph = useQuery(graphQuery(dagId));
  const last = grid.data?.runs[grid.data.runs.length - 1];
  const why = useQuery({ ...whyQuery(dagId, last?.runId), enabled: grid.data !== undefined });
  if (grid.data === undefined || details.data === undefined) {
    const error = grid.error ?? details.error;
    return error !== null ? <Failure error={error} again={() => void grid.refetch()} /> : <Waiting rows={10} />;
  }
  return <OverviewView dag={details.data} grid={grid.data} coming={coming.data} graph={graph.data} why={why.data?.sentence} />;
}
