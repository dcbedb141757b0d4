// The values that an instance has given, the one that was chosen opened.
import { useQuery } from "@tanstack/react-query";
import { type TaskName, valueQuery } from "~/api/tasks";
import { useQuery as useAddressed } from "~/app/router";
import type { TaskView } from "~/models/attempt.model";
import { sizeOf } from "~/models/log.model";
import { Button } from "../Button";
import { Empty, Failure, Waiting } from "../Panel";
import { ValueView } from "./ValueView";
import css from "./Values.module.css";

const BIG_BYTES = 4_000_000;
const RETURNED = "return_value";

export function Values({ name, task }: { name: TaskName; task: TaskView }) {
  const [key, setKey] = useAddressed("key");
  if (task.values.length === 0) {
    return (
      <Empty title={task.state === "success" ? "It gave no value." : "There are no values yet."}>
        <p>
          What a task returns or pushes stands here: records as a table, numbers as a plot, images as they are, all else as a
          tree.
        </p>
      </Empty>
    );
  }
  const all = [...task.values].sort((a, b) => Number(b.key === RETURNED) - Number(a.key === RETURNED));
  const chosen = all.find((one) => one.key === key) ?? all[0]!;
  return (
    <div className={css.values}>
      <ul className={css.keys} aria-label="Values">
        {all.map((one) => (
          <li key={one.key}>
            <Button size="small" kind="quiet" pressed={one === chosen} onClick={() => setKey(one.key)}>
              <span className={css.key}>{one.key === RETURNED ? "returned" : one.key}</span>
              <span className={css.size}>
                {one.kind ? `${one.kind}, ` : ""}
                {sizeOf(one.bytes)}
              </span>
            </Button>
          </li>
        ))}
      </ul>
      <One key={chosen.key} name={name} task={task} valueKey={chosen.key} bytes={chosen.bytes} />
    </div>
  );
}

function One({ name, task, valueKey, bytes }: { name: TaskName; task: TaskView; valueKey: string; bytes: number }) {
  // Another attempt may give another value under the same name.
  const found = useQuery({ ...valueQuery(name, valueKey, task.attempts.length), enabled: bytes < BIG_BYTES });
  if (found.data !== undefined) return <ValueView value={found.data} name={valueKey} />;
  if (found.error !== null) return <Failure error={found.error} again={() => void found.refetch()} />;
  if (found.isFetching) return <Waiting rows={5} />;
  return (
    <Empty title={`It is large: ${sizeOf(bytes)}.`} action={<Button onClick={() => void found.refetch()}>Show it</Button>} />
  );
}
