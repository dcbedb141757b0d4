// The backfills of a DAG, and what one may do to those that are not over.
import { useQuery } from "@tanstack/react-query";
import { api, told } from "~/api/client";
import { backfillsQuery } from "~/api/dagQueries";
import { cache } from "~/api/live";
import { useMay } from "~/app/session";
import { toastError } from "~/app/toasts";
import { BackfillTable } from "~/components/dag/BackfillTable";
import { Failure, Waiting } from "~/components/Panel";
import type { DagTabProps } from "../Dag";

export default function Backfills({ dagId }: DagTabProps) {
  const found = useQuery(backfillsQuery(dagId));
  const mayRun = useMay("runs:write", dagId);
  if (found.data === undefined) {
    return found.error !== null ? <Failure error={found.error} again={() => void found.refetch()} /> : <Waiting />;
  }
  const change = async (id: number, what: "pause" | "unpause" | "cancel") => {
    try {
      await told(api.PUT(`/api/v2/backfills/{backfill_id}/${what}`, { params: { path: { backfill_id: id } } }));
    } catch (error) {
      toastError(error);
    }
    await cache.invalidateQueries({ queryKey: backfillsQuery(dagId).queryKey });
  };
  return <BackfillTable backfills={found.data.backfills} mayRun={mayRun} onChange={(id, what) => void change(id, what)} />;
}
