// A task in a run: what it is, why, its log, values, tries and what they took. Loads by itself, so that a page places
// it by names alone: on a page of its own, or beside a grid. Which tab and which try stand in the address.
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import { mappedQuery, type TaskName, taskQuery, whyQuery } from "~/api/tasks";
import { useAddress, withQuery } from "~/app/router";
import { errorOf, nameOf, type TaskView, triesOf } from "~/models/attempt.model";
import { links } from "~/models/links.model";
import { isMoving, isOver, wordOf } from "~/models/states.model";
import { TaskActions } from "../changes/TaskActions";
import { Failure, Waiting } from "../Panel";
import { Note, Why } from "../Said";
import { StateGlyph } from "../StateGlyph";
import { type Tab, Tabs } from "../Tabs";
import { Duration, RelativeTime } from "../Time";
import { LogView } from "./LogView";
import { CountBar, Mapped, Neighbours } from "./Mapped";
import { Rendered } from "./Rendered";
import { Resources, Tries } from "./Tries";
import { Values } from "./Values";
import css from "./AttemptPanel.module.css";

export interface AttemptPanelProps {
  dagId: string;
  runId: string;
  taskId: string;
  /** −1: a task that is not mapped, or all instances of one that is. */
  mapIndex: number;
  /** Where an instance is shown; without it, on its page. */
  hrefOf?: (mapIndex: number) => string;
  /** At the right of its name, beside what can be done to it. */
  more?: ReactNode;
  /** Beside a grid: with its run in its head, and a link to its page. */
  beside?: boolean;
}

type TabId = "log" | "values" | "rendered" | "tries" | "resources" | "instances";

export function AttemptPanel({ dagId, runId, taskId, mapIndex, hrefOf, more, beside = false }: AttemptPanelProps) {
  const name = useMemo<TaskName>(() => ({ dagId, runId, taskId, mapIndex }), [dagId, runId, taskId, mapIndex]);
  const found = useQuery(taskQuery(name));
  const task = found.data;
  const query = new URLSearchParams(useAddress().split("?")[1]);
  if (task === undefined) {
    return found.error !== null ? <Failure error={found.error} again={() => void found.refetch()} /> : <Waiting rows={10} />;
  }
  const isAll = task.n !== null && mapIndex === -1;
  const tries = triesOf(task);
  const asked = Number(query.get("try"));
  const chosen = tries.some((one) => one.number === asked) ? asked : task.try_number;
  const wanted = (query.get("tab") ?? "log") as TabId;
  const tab: TabId = isAll ? "instances" : wanted;
  const instanceAt = hrefOf ?? ((index: number) => links.task(dagId, runId, taskId, { map: index, tab: query.get("tab") ?? "" }));
  return (
    <div className={css.panel}>
      <Head task={task} chosen={chosen} instanceAt={instanceAt} more={more} beside={beside} />
      {isAll ? (
        <Instances name={name} n={task.n!} hrefOf={instanceAt} />
      ) : (
        <>
          <Tabs label="Of this task" tabs={tabsOf(task, tries.length)} chosen={tab} />
          <div className={css.body} data-tab={tab}>
            {tab === "log" && <LogView key={`${mapIndex} ${chosen}`} task={name} tryNumber={chosen} quiet={quietOf(task)} />}
            {tab === "values" && <Values name={name} task={task} />}
            {tab === "rendered" && <Rendered fields={tries.find((one) => one.number === chosen)?.attempts.at(-1)?.rendered} />}
            {tab === "tries" && <Tries task={task} chosen={chosen} logOf={(number) => withQuery({ tab: null, try: String(number) })} />}
            {tab === "resources" && <Resources task={task} />}
          </div>
        </>
      )}
    </div>
  );
}

function tabsOf(task: TaskView, tries: number): Tab[] {
  const tab = (id: TabId, label: string, count?: number): Tab => ({
    id,
    label,
    href: withQuery({ tab: id === "log" ? null : id }),
    count,
  });
  return [
    tab("log", "Log"),
    tab("values", "Values", task.values.length || undefined),
    tab("rendered", "Rendered"),
    tab("tries", "Tries", tries > 1 ? tries : undefined),
    tab("resources", "Resources"),
  ];
}

function quietOf(task: TaskView): string {
  if (task.state === "none" || task.state === "scheduled" || task.state === "queued") return "It has not begun, so there is no log yet.";
  if (task.state === "skipped" || task.state === "upstream_failed") return "It was not run, so there is no log.";
  return isMoving(task.state) ? "Nothing has been printed yet." : "It printed nothing.";
}

interface HeadProps {
  task: TaskView;
  chosen: number;
  instanceAt: (mapIndex: number) => string;
  more: ReactNode;
  beside: boolean;
}

function Head({ task, chosen, instanceAt, more, beside }: HeadProps) {
  const why = useQuery(whyQuery(task.dag_id, task.run_id, task.task_id, task.map_index));
  const last = task.attempts[task.attempts.length - 1];
  const error = isOver(task.state) || task.state === "up_for_retry" ? errorOf(last) : null;
  const sentence = why.data?.sentence ?? task.reason;
  const isAll = task.n !== null && task.map_index === -1;
  return (
    <header className={css.head}>
      <div className={css.title}>
        <StateGlyph state={task.state} size={16} />
        <h1 title={task.task_id}>{nameOf(task.task_label, task.map_index, task.label)}</h1>
        {task.n !== null && task.map_index >= 0 && <Neighbours n={task.n} at={task.map_index} hrefOf={instanceAt} />}
        <div className={css.actions}>
          <TaskActions
            dagId={task.dag_id}
            runId={task.run_id}
            taskId={task.task_id}
            mapIndex={task.map_index}
            name={nameOf(task.task_label, task.map_index, task.label)}
            state={task.state}
            note={task.note}
          />
          {more}
        </div>
      </div>
      <p className={css.facts}>
        <span>{wordOf(task.state)}</span>
        {task.try_number > 0 && !isAll && (
          <span>
            try {chosen === task.try_number ? task.try_number : `${chosen} (of ${task.try_number} so far)`}
            {task.tries > 1 && chosen === task.try_number && ` of ${Math.max(task.tries, task.try_number)}`}
          </span>
        )}
        {task.started !== null && (
          <>
            <Duration from={task.started} to={isOver(task.state) || task.state === "up_for_retry" ? task.ended : null} />
            <RelativeTime at={task.started} />
          </>
        )}
        {task.state === "up_for_retry" && task.wake !== null && (
          <span>
            again <RelativeTime at={task.wake} />
          </span>
        )}
        {beside && (
          <a className="plain-link" href={links.task(task.dag_id, task.run_id, task.task_id, { map: task.map_index })}>
            open its page
          </a>
        )}
      </p>
      {isAll && Object.keys(task.counts).length > 0 && <CountBar counts={task.counts} />}
      {sentence && task.state !== "success" && task.state !== "running" && (
        <Why failed={task.state === "failed"}>
          {sentence}
          {error?.place && !sentence.includes(error.place) && <code> {error.place}</code>}
        </Why>
      )}
      {task.asks && (
        <Why>
          It asks a question. <a className="plain-link" href={links.approvals()}>Answer it</a>
        </Why>
      )}
      {task.note && <Note>{task.note}</Note>}
    </header>
  );
}

function Instances({ name, n, hrefOf }: { name: TaskName; n: number; hrefOf: (mapIndex: number) => string }) {
  const found = useQuery(mappedQuery(name));
  if (found.data !== undefined) return <Mapped n={n} lines={found.data.instances} hrefOf={hrefOf} />;
  return found.error !== null ? <Failure error={found.error} again={() => void found.refetch()} /> : <Waiting rows={10} />;
}
