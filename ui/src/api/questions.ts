// What tasks ask people: those that wait, those that were answered, and the answers.
import { queryOptions } from "@tanstack/react-query";
import { toast, toastError } from "~/app/toasts";
import { api, type Schemas, told } from "./client";
import { cache, onEvents } from "./live";

export type Question = Schemas["Question"];

export const questionsQuery = (answered: boolean) =>
  queryOptions({
    queryKey: ["questions", answered],
    queryFn: async ({ signal }) => {
      const path = { dag_id: "~", dag_run_id: "~" };
      const query = { response_received: answered, limit: 100, order_by: [answered ? "-responded_at" : "created_at"] };
      return await told<Schemas["Questions"]>(api.GET("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/hitlDetails", { params: { path, query }, signal }));
    },
  });

type Move = [task: string, map: number, before: string, after: string];

onEvents<Schemas["Questions"]>("questions", (answer, event) => {
  if (event.kind === "answered" || event.kind === "removed" || event.kind === "clear") return { next: answer, stale: true };
  if (event.kind !== "moves") return { next: answer };
  // A task that begins to wait may ask, and one that waits no more asks nobody.
  return { next: answer, stale: (event.data as Move[]).some(([, , before, after]) => before === "deferred" || after === "deferred") };
});

/** The first answer counts. */
export async function answer(question: Question, chosen: string[], params: Record<string, unknown>): Promise<string | null> {
  const { dag_id, dag_run_id, task_id, map_index } = question.task_instance;
  const path = { dag_id, dag_run_id, task_id, map_index };
  try {
    await told(
      api.PATCH("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/hitlDetails", {
        params: { path },
        body: { chosen_options: chosen, params_input: params as never },
      }),
    );
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    void cache.invalidateQueries({ queryKey: ["questions"] });
    if (/'[^']+'/.test(text) && /param/.test(text)) return text;
    toastError(error);
    return text;
  }
  toast({ text: `${question.subject || task_id}: ${chosen.join(", ")}.` });
  void cache.invalidateQueries({ queryKey: ["questions"] });
  return null;
}
