// What can be done to a task in a run: run again, mark, note. Loads and changes by itself; a page places it.
import { useState } from "react";
import { clearTask, done, type Mark, markTask, type OneTask, setNote, type Touched } from "~/api/changes";
import { useCommands } from "~/app/commands";
import { useKeys } from "~/app/keys";
import { useMay } from "~/app/session";
import { isOver } from "~/models/states.model";
import { Button } from "../Button";
import { MoreIcon, RetryIcon } from "../icons";
import { Menu } from "../Menu";
import { ChangeDialog, type Choice, NEAR } from "./ChangeDialog";
import { NoteDialog } from "./NoteDialog";

export interface TaskActionsProps extends OneTask {
  name: string;
  state: string;
  note: string | null;
}

const AROUND: Choice[] = [
  { id: "downstream", label: "what follows it" },
  { id: "upstream", label: "what comes before it" },
  { id: "past", label: "in earlier runs" },
  { id: "future", label: "in later runs" },
];
const CLEARING: Choice[] = [...AROUND, { id: "onlyFailed", label: "only what has failed" }, { id: "latestCode", label: "by the newest code" }];
const MARKS: [Mark, string, string][] = [
  ["success", "Mark as succeeded", "succeeded"],
  ["failed", "Mark as failed", "failed"],
  ["skipped", "Mark as skipped", "skipped"],
];

export function TaskActions({ dagId, runId, taskId, mapIndex, name, state, note }: TaskActionsProps) {
  const one: OneTask = { dagId, runId, taskId, mapIndex };
  const [open, setOpen] = useState<"clear" | "note" | Mark | null>(null);
  const may = useMay("tasks:write", dagId);
  const close = () => setOpen(null);
  useKeys(may ? [{ keys: "c", label: "Clear: run it again", group: "Task", run: () => setOpen("clear") }] : []);
  useCommands(
    may
      ? [
          { id: "clear-task", label: `Clear ${name}`, run: () => setOpen("clear") },
          ...MARKS.map(([mark, label]) => ({ id: `mark-${mark}`, label: `${label}: ${name}`, run: () => setOpen(mark) })),
          { id: "note-task", label: `Note on ${name}`, run: () => setOpen("note") },
        ]
      : [],
  );
  if (!may) return null;
  return (
    <>
      <Button size="small" title="Run it again (c)" onClick={() => setOpen("clear")}>
        <RetryIcon /> Clear
      </Button>
      <Menu
        label="More for this task"
        wordless
        size="small"
        button={<MoreIcon />}
        items={[
          ...MARKS.map(([mark, label]) => ({ id: mark, label, onChoose: () => setOpen(mark) })),
          { id: "note", label: note ? "Change the note" : "Write a note", onChoose: () => setOpen("note") },
        ]}
      />
      {open === "note" && (
        <NoteDialog of={name} note={note ?? ""} onClose={close} onWrite={(text) => void setNote(one, text, note ?? "")} />
      )}
      {open === "clear" && (
        <ChangeDialog
          title={`Clear ${name}`}
          text="What is cleared runs again in its run. Values it has given are replaced."
          button="Clear"
          verb={["task runs again", "tasks run again"]}
          choices={CLEARING}
          reach={{ ...NEAR, downstream: true }}
          preview={(reach) => clearTask(one, reach, true)}
          onClose={close}
          onDo={(reach, touched) => done(() => clearTask(one, reach, false), `${counted(touched)} cleared.`)}
        />
      )}
      {MARKS.map(
        ([mark, label, word]) =>
          open === mark && (
            <ChangeDialog
              key={mark}
              title={`${label}: ${name}`}
              text={isOver(state) ? "Nothing is run. What follows from it is decided anew." : "If it is at work it is ended. What follows goes on as if it had ended so."}
              button="Mark"
              danger={mark === "failed"}
              verb={[`task is marked as ${word}`, `tasks are marked as ${word}`]}
              choices={AROUND}
              reach={NEAR}
              preview={(reach) => markTask(one, mark, reach, true)}
              onClose={close}
              onDo={(reach, touched) => {
                // Back only where it was one task that had ended.
                const before = touched.length === 1 && MARKS.find(([known]) => known === state)?.[0];
                const undo = before ? () => markTask(one, before, NEAR, false) : undefined;
                return done(() => markTask(one, mark, reach, false), `${counted(touched)} marked as ${word}.`, undo);
              }}
            />
          ),
      )}
    </>
  );
}

function counted(touched: Touched[]): string {
  return touched.length === 1 ? `${touched[0]!.task_id} is` : `${touched.length} tasks are`;
}
