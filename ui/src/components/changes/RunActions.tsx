// What can be done to a run: run it or what failed in it again, end it, mark it, note it, start another like it.
import { useState } from "react";
import { cancelRun, clearRun, done, markRun, type Reach, setNote, type Touched } from "~/api/changes";
import { useCommands } from "~/app/commands";
import { useKeys } from "~/app/keys";
import { useMay } from "~/app/session";
import type { RunView } from "~/models/attempt.model";
import { isOpenRun, isOver } from "~/models/states.model";
import { Button } from "../Button";
import { MoreIcon, RetryIcon } from "../icons";
import { Menu, type MenuItem } from "../Menu";
import { ChangeDialog, NEAR } from "./ChangeDialog";
import { NoteDialog } from "./NoteDialog";

type Open = "clear" | "cancel" | "success" | "failed" | "note" | null;

export function RunActions({ run, onAgain }: { run: RunView; onAgain: () => void }) {
  const [open, setOpen] = useState<Open>(null);
  const may = useMay("runs:write", run.dag_id);
  const one = { dagId: run.dag_id, runId: run.run_id };
  const isOpen = isOpenRun(run.state);
  const close = () => setOpen(null);
  const offered: MenuItem[] = [
    { id: "again", label: "Start another like it", onChoose: onAgain },
    ...(run.state === "success" ? [] : [{ id: "success", label: "Mark as succeeded", onChoose: () => setOpen("success") }]),
    ...(run.state === "failed" ? [] : [{ id: "failed", label: "Mark as failed", onChoose: () => setOpen("failed") }]),
    { id: "note", label: run.note ? "Change the note" : "Write a note", onChoose: () => setOpen("note") },
  ];
  useKeys(may ? [{ keys: "c", label: "Clear: run it again", group: "Run", run: () => setOpen("clear") }] : []);
  useCommands(
    may
      ? [
          { id: "clear-run", label: "Clear this run", run: () => setOpen("clear") },
          ...(isOpen ? [{ id: "cancel-run", label: "Cancel this run", run: () => setOpen("cancel") }] : []),
          ...offered.map((item) => ({ id: `run-${item.id}`, label: `${String(item.label)} (this run)`, run: () => item.onChoose?.() })),
        ]
      : [],
  );
  if (!may) return null;
  return (
    <>
      {isOpen && (
        <Button kind="danger" onClick={() => setOpen("cancel")}>
          Cancel
        </Button>
      )}
      <Button title="Run it again (c)" onClick={() => setOpen("clear")}>
        <RetryIcon /> Clear
      </Button>
      <Menu label="More for this run" wordless button={<MoreIcon />} items={offered} />
      {open === "note" && (
        <NoteDialog of="this run" note={run.note ?? ""} onClose={close} onWrite={(text) => void setNote(one, text, run.note ?? "")} />
      )}
      {open === "clear" && (
        <ChangeDialog
          title="Clear this run"
          text="What is cleared runs again; the run goes on under its name, with its params."
          button="Clear"
          verb={["task runs again", "tasks run again"]}
          choices={[
            { id: "onlyFailed", label: "only what failed or did not run" },
            { id: "latestCode", label: "by the newest code" },
          ]}
          reach={{ ...NEAR, onlyFailed: run.state === "failed" }}
          preview={(reach: Reach) => clearRun(one, reach, true)}
          onClose={close}
          onDo={(reach, touched) =>
            done(() => clearRun(one, reach, false), touched.length === 1 ? "1 task is cleared." : `${touched.length} tasks are cleared.`)
          }
        />
      )}
      {open === "cancel" && (
        <ChangeDialog
          title="Cancel this run"
          text="What is at work is told to end; what has not begun does not begin. The run has failed then; clearing it lets it go on."
          button="Cancel the run"
          danger
          verb={["task is not finished", "tasks are not finished"]}
          choices={[]}
          reach={NEAR}
          preview={() => Promise.resolve(unfinished(run))}
          onClose={close}
          onDo={() => done(() => cancelRun(one), "The run is cancelled.")}
        />
      )}
      {(open === "success" || open === "failed") && (
        <ChangeDialog
          title={open === "success" ? "Mark this run as succeeded" : "Mark this run as failed"}
          text="What is at work is told to end. Tasks that have ended stay as they are."
          button="Mark"
          danger={open === "failed"}
          verb={["task is not finished", "tasks are not finished"]}
          choices={[]}
          reach={NEAR}
          preview={() => Promise.resolve(open === "success" ? notGood(run) : unfinished(run))}
          onClose={close}
          onDo={() => {
            const state = open;
            const undo = state === "failed" && run.state === "success" ? () => markRun(one, "success") : undefined;
            return done(() => markRun(one, state), "The run is marked.", undo);
          }}
        />
      )}
    </>
  );
}

function touchedOf(run: RunView, holds: (state: string) => boolean): Touched[] {
  const found = run.tasks.filter((task) => holds(task.state)).map((task) => ({ task_id: task.task_id, task_display_name: task.label, state: task.state }));
  // A run can be marked though all its tasks are over: the run itself is what is touched.
  return found.length > 0 ? found : [{ task_id: run.run_id, task_display_name: run.run_id }];
}

function unfinished(run: RunView): Touched[] {
  return touchedOf(run, (state) => !isOver(state));
}

function notGood(run: RunView): Touched[] {
  return touchedOf(run, (state) => state !== "success" && state !== "skipped");
}
