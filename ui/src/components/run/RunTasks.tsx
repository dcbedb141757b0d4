// The tasks of a run, each with its state and where it stands along the run's time.
import { useMemo } from "react";
import { useNow, useZone } from "~/app/clock";
import type { RunView, TaskLine } from "~/models/attempt.model";
import { links } from "~/models/links.model";
import { type Axis, axisOf, spanOf } from "~/models/run.model";
import { isOpenRun, isOver, wordOf } from "~/models/states.model";
import { clockOf, duration } from "~/models/time.model";
import { CountBar } from "../attempt/Mapped";
import { type Column, DataTable } from "../DataTable";
import { Empty } from "../Panel";
import { StateGlyph } from "../StateGlyph";
import { Duration } from "../Time";
import css from "./RunTasks.module.css";

const LIVE_ROWS = 300; // more than these do not move with the clock

export function RunTasks({ run }: { run: RunView }) {
  if (isOpenRun(run.state) && run.tasks.length <= LIVE_ROWS) return <Live run={run} />;
  return <Table run={run} now={run.ended ?? run.now} />;
}

function Live({ run }: { run: RunView }) {
  return <Table run={run} now={useNow()} />;
}

function Table({ run, now }: { run: RunView; now: number }) {
  const zone = useZone();
  const axis = useMemo(() => axisOf(run, now), [run, now]);
  const columns = useMemo<Column<TaskLine>[]>(
    () => [
      { id: "task", header: "Task", width: "2 1 150px", cell: (task) => <Name task={task} groups={run.groups} /> },
      {
        id: "time",
        header: <Scale axis={axis} zone={zone} />,
        width: "3 1 220px",
        from: 640,
        cell: (task) => <Bar task={task} axis={axis} now={now} />,
      },
      {
        id: "took",
        header: "Took",
        width: "84px",
        align: "end",
        cell: (task) => <Duration from={task.started} to={task.ended ?? (isOver(task.state) ? task.started : null)} />,
      },
      {
        id: "try",
        header: "Try",
        width: "52px",
        align: "end",
        from: 480,
        cell: (task) => <span className={css.soft}>{task.try_number > 0 ? task.try_number : "–"}</span>,
      },
    ],
    [run.groups, axis, zone, now],
  );
  return (
    <DataTable
      label="Tasks"
      columns={columns}
      rows={run.tasks}
      keyOf={(task) => task.task_id}
      hrefOf={(task) => links.task(run.dag_id, run.run_id, task.task_id)}
      toneOf={(task) => (task.state === "none" ? "quiet" : undefined)}
      rowHeight={38}
      place={`run ${run.dag_id} ${run.run_id}`}
      empty={<Empty title="This DAG has no tasks." />}
    />
  );
}

function Name({ task, groups }: { task: TaskLine; groups: Record<string, string> }) {
  const inGroup = task.group !== null && task.label === task.task_id && task.task_id.startsWith(`${task.group}.`);
  return (
    <span className={css.name}>
      <StateGlyph state={task.state} size={14} />
      <span className={css.words}>
        <span className={css.label}>
          {task.group !== null && <span className={css.group}>{groups[task.group] ?? task.group} / </span>}
          {inGroup ? task.task_id.slice(task.group!.length + 1) : task.label}
          {task.n !== null && <span className={css.count}>{countOf(task)}</span>}
        </span>
        {(task.state === "failed" || task.state === "up_for_retry") && task.reason && <span className={css.reason}>{task.reason}</span>}
        {task.note && <span className={css.noted}>{task.note}</span>}
      </span>
    </span>
  );
}

function countOf(task: TaskLine): string {
  const over = Object.entries(task.counts).reduce((sum, [state, n]) => sum + (isOver(state) ? n : 0), 0);
  return over === task.n ? `× ${task.n}` : `${over} of ${task.n}`;
}

function Bar({ task, axis, now }: { task: TaskLine; axis: Axis; now: number }) {
  const span = spanOf(task, axis, now);
  const title = task.started === null ? wordOf(task.state) : `${wordOf(task.state)}, ${duration(Math.max(0, (task.ended ?? now) - task.started))}`;
  return (
    <span className={css.lane} title={title}>
      {span !== null && <span className={css.bar} data-state={task.state} style={{ left: `${span.left}%`, width: `${span.width}%` }} />}
      {task.mapped && Object.keys(task.counts).length > 1 && (
        <span className={css.counts}>
          <CountBar counts={task.counts} />
        </span>
      )}
    </span>
  );
}

function Scale({ axis, zone }: { axis: Axis; zone: string }) {
  return (
    <span className={css.scale}>
      <span>{clockOf(axis.from, zone, true)}</span>
      <span>{duration(axis.to - axis.from)}</span>
      <span>{clockOf(axis.to, zone, true)}</span>
    </span>
  );
}
