// The form that begins a backfill, at an address of its own.
import { go, type Params } from "~/app/router";
import { BackfillDialog } from "~/components/trigger/BackfillDialog";
import { links } from "~/models/links.model";

export default function Backfill({ params }: { params: Params }) {
  const dagId = params.dag_id!;
  return <BackfillDialog dagId={dagId} onClose={() => go(links.dag(dagId), { instead: true })} />;
}
