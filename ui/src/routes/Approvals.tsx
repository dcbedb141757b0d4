// What tasks ask people: those that wait for an answer, and the last ones that have one.
import { useQuery } from "@tanstack/react-query";
import { answer, questionsQuery } from "~/api/questions";
import type { Params } from "~/app/router";
import { may as mayIn, useMe } from "~/app/session";
import { AnsweredLine, QuestionCard } from "~/components/approvals/QuestionCard";
import { Empty, Failure, Panel, Waiting } from "~/components/Panel";
import css from "./Approvals.module.css";

export default function Approvals({ params }: { params: Params }) {
  const open = useQuery(questionsQuery(false));
  const over = useQuery(questionsQuery(true));
  const me = useMe();
  if (open.data === undefined) {
    return open.error !== null ? <Failure error={open.error} again={() => void open.refetch()} /> : <Waiting rows={8} />;
  }
  // An address may name the one that is meant.
  const meant = open.data.hitl_details.filter(
    ({ task_instance: one }) =>
      params.task_id === undefined || (one.task_id === params.task_id && one.dag_run_id === params.run_id && one.dag_id === params.dag_id),
  );
  return (
    <div className={css.page}>
      <h1>{meant.length === 0 ? "Nobody is asked anything." : meant.length === 1 ? "1 question waits" : `${meant.length} questions wait`}</h1>
      {meant.length === 0 && (
        <Empty title="Questions of tasks stand here.">
          <p>
            A task that asks a person (<code>ApprovalOperator</code>, <code>HITLOperator</code>, <code>HITLEntryOperator</code>) waits
            without a process until somebody answers.
          </p>
        </Empty>
      )}
      {meant.map((one) => (
        <QuestionCard
          key={`${one.task_instance.id} ${one.created_at}`}
          question={one}
          may={mayIn(me, "questions:write", one.task_instance.dag_id)}
          onAnswer={(chosen, given) => answer(one, chosen, given)}
        />
      ))}
      {over.data !== undefined && over.data.hitl_details.length > 0 && (
        <Panel title="Answered" flush>
          <ul>
            {over.data.hitl_details.slice(0, 30).map((one) => (
              <AnsweredLine key={`${one.task_instance.id} ${one.created_at}`} question={one} />
            ))}
          </ul>
        </Panel>
      )}
    </div>
  );
}
