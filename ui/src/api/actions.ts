// What people do to DAGs, from wherever: shown at once, put back where the server says no, with a way back.
import { toast, toastError } from "~/app/toasts";
import { links } from "~/models/links.model";
import { api, told } from "./client";
import { cache } from "./live";
import { dagsQuery } from "./queries";

function showPaused(dagId: string, paused: boolean): void {
  cache.setQueryData(dagsQuery().queryKey, (list) =>
    list === undefined ? list : { ...list, dags: list.dags.map((dag) => (dag.dag_id === dagId ? { ...dag, paused } : dag)) },
  );
}

/** Pause or unpause. */
export async function setPaused(dagId: string, paused: boolean, quietly = false): Promise<void> {
  showPaused(dagId, paused);
  try {
    await told(api.PATCH("/api/v2/dags/{dag_id}", { params: { path: { dag_id: dagId } }, body: { is_paused: paused } }));
    if (!quietly) {
      const words = paused ? `${dagId} is paused. What runs goes on; nothing new starts.` : `${dagId} is active.`;
      toast({ text: words, undo: () => void setPaused(dagId, !paused, true) });
    }
  } catch (error) {
    showPaused(dagId, !paused);
    toastError(error);
  }
}

/** Starts a run without params, and says where it is. */
export async function startRun(dagId: string): Promise<string | null> {
  try {
    const run = await told(
      api.POST("/api/v2/dags/{dag_id}/dagRuns", { params: { path: { dag_id: dagId } }, body: { logical_date: null } }),
    );
    toast({ text: `Started ${dagId}.`, link: { text: "Open the run", href: links.run(dagId, run.dag_run_id) } });
    return run.dag_run_id;
  } catch (error) {
    toastError(error);
    return null;
  }
}
