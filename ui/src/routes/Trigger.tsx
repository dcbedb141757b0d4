// The form that starts a run, at an address of its own: `?like=RUN` takes the params of another run.
import { go, type Params, useQuery as useAddressed } from "~/app/router";
import { TriggerDialog } from "~/components/trigger/TriggerDialog";
import { links } from "~/models/links.model";

export default function Trigger({ params }: { params: Params }) {
  const [like] = useAddressed("like");
  const dagId = params.dag_id!;
  const leave = () => go(like ? links.run(dagId, like) : links.dag(dagId), { instead: true });
  return <TriggerDialog dagId={dagId} like={like} onClose={leave} onStarted={(runId) => go(links.run(dagId, runId), { instead: true })} />;
}
