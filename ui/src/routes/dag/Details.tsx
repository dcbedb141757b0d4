// Every field of a DAG, in words.
import { useQuery } from "@tanstack/react-query";
import { detailsQuery } from "~/api/dagQueries";
import { DetailsView } from "~/components/dag/DetailsView";
import { Failure, Waiting } from "~/components/Panel";
import type { DagTabProps } from "../Dag";

export default function Details({ dagId }: DagTabProps) {
  const details = useQuery(detailsQuery(dagId));
  if (details.data !== undefined) return <DetailsView dag={details.data} />;
  if (details.error !== null) return <Failure error={details.error} again={() => void details.refetch()} />;
  return <Waiting rows={12} />;
}
