// How long runs and their tasks took, over the newest runs.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { durationsQuery } from "~/api/dagQueries";
import { useQuery as useAddressed } from "~/app/router";
import { DurationsView } from "~/components/dag/DurationsView";
import { Failure, Waiting } from "~/components/Panel";
import { lengthsOf } from "~/models/durations.model";
import type { DagTabProps } from "../Dag";

export default function Durations({ dagId }: DagTabProps) {
  const [many, setMany] = useAddressed("runs", "50");
  const known = useQuery(durationsQuery(dagId, ["25", "50", "100"].includes(many) ? Number(many) : 50));
  const [sort, setSort] = useAddressed("sort", "-median");
  const tasks = useMemo(() => (known.data === undefined ? [] : lengthsOf(known.data)), [known.data]);
  if (known.data === undefined) {
    return known.error !== null ? <Failure error={known.error} again={() => void known.refetch()} /> : <Waiting rows={10} />;
  }
  return <DurationsView dagId={dagId} known={known.data} tasks={tasks} many={many} onMany={setMany} sort={sort} onSort={setSort} />;
}
