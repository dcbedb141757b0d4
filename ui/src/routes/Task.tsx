// A task in a run on a page of its own.
import { useQuery as useAddressed, type Params } from "~/app/router";
import { AttemptPanel } from "~/components/attempt/AttemptPanel";
import css from "./Task.module.css";

export default function Task({ params }: { params: Params }) {
  const [map] = useAddressed("map", "-1");
  const mapIndex = /^-?\d+$/.test(map) ? Number(map) : -1;
  return (
    <div className={css.page}>
      <AttemptPanel dagId={params.dag_id!} runId={params.run_id!} taskId={params.task_id!} mapIndex={mapIndex} />
    </div>
  );
}
