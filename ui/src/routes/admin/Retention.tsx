// What is kept of the past.
import { useQuery } from "@tanstack/react-query";
import { settingsQuery } from "~/api/admin";
import css from "~/components/admin/Admin.module.css";
import { SectionView } from "~/components/admin/SectionView";
import { Failure, Waiting } from "~/components/Panel";

export default function Retention() {
  const found = useQuery(settingsQuery());
  const kept = found.data?.retention;
  return (
    <SectionView title="Retention" words="What is kept of the past, and for how long.">
      {kept === undefined ? (
        found.error !== null ? <Failure error={found.error} again={() => void found.refetch()} /> : <Waiting />
      ) : (
        <div className={css.pad}>
          <dl className={css.facts}>
            <dt>Runs</dt>
            <dd>
              {kept.keep_runs_days === null
                ? "All are kept."
                : `Those that ended more than ${kept.keep_runs_days} days ago are removed, with their logs and values.`}
            </dd>
            <dt>Of each DAG</dt>
            <dd>
              {kept.keep_runs_days === null
                ? `Once there is a limit, the newest ${kept.keep_runs_min} stay however old they are.`
                : `The newest ${kept.keep_runs_min} stay however old they are.`}
            </dd>
            <dt>In any case</dt>
            <dd>Runs that are not over stay, and so does what they look back at.</dd>
          </dl>
          <p>
            Set it with <code>keep_runs_days = 90</code> and <code>keep_runs_min = 20</code> in{" "}
            <code>{found.data?.file}</code>, and start again. By hand, once: <code>venturi clean --before 90d</code>.
          </p>
        </div>
      )}
    </SectionView>
  );
}
