// Every field of a DAG: what one looks for first in words, the rest under the API's own names.
import type { ReactNode } from "react";
import type { Schemas } from "~/api/client";
import { RUN_TYPES, typeWord } from "~/models/run-list.model";
import { secondsOf } from "~/models/time.model";
import { JsonTree } from "../JsonTree";
import { Panel } from "../Panel";
import { AbsoluteTime, RelativeTime } from "../Time";
import css from "./DetailsView.module.css";

type Details = Schemas["DagDetails"];
type Field = [label: string, value: (dag: Details) => ReactNode];

const moment = (text: string | null) => <AbsoluteTime at={secondsOf(text)} />;
const yes = (is: boolean | null) => (is === null ? "–" : is ? "yes" : "no");
const most = (n: number | null) => (n === null || n <= 0 ? "no limit" : n);

const SECTIONS: [string, Field[]][] = [
  [
    "What it is",
    [
      ["DAG", (dag) => <code>{dag.dag_id}</code>],
      ["Shown as", (dag) => dag.dag_display_name],
      ["Description", (dag) => dag.description ?? "–"],
      ["Owners", (dag) => owners(dag)],
      ["Tags", (dag) => dag.tags.map((tag) => tag.name).join(", ") || "–"],
      ["File", (dag) => <code>{dag.fileloc}</code>],
      ["Bundle", (dag) => dag.bundle_name ?? "–"],
      ["Version", (dag) => (dag.latest_dag_version === null ? "–" : <>{dag.latest_dag_version.version_number}, since {moment(dag.latest_dag_version.created_at)}</>)],
      ["Read last", (dag) => <RelativeTime at={secondsOf(dag.last_parsed_time)} />],
    ],
  ],
  [
    "When it runs",
    [
      ["Schedule", (dag) => dag.timetable_description ?? "by hand"],
      ["As written", (dag) => <code>{dag.timetable_summary ?? "None"}</code>],
      ["Time zone", (dag) => dag.timezone ?? "UTC"],
      ["First date", (dag) => moment(dag.start_date)],
      ["Last date", (dag) => moment(dag.end_date)],
      ["Missed dates are made up for", (dag) => yes(dag.catchup)],
      ["Next run", (dag) => moment(dag.next_dagrun_run_after)],
      ["Next interval", (dag) => (dag.next_dagrun_data_interval_start === null ? "–" : <>{moment(dag.next_dagrun_data_interval_start)} to {moment(dag.next_dagrun_data_interval_end)}</>)],
      ["Paused", (dag) => yes(dag.is_paused)],
      ["Paused when new", (dag) => yes(dag.is_paused_upon_creation)],
      ["May be backfilled", (dag) => yes(dag.is_backfillable)],
      ["May be started by", (dag) => (dag.allowed_run_types ?? RUN_TYPES).map(typeWord).join(", ")],
    ],
  ],
  [
    "Limits",
    [
      ["Runs at once", (dag) => most(dag.max_active_runs)],
      ["Tasks at once", (dag) => most(dag.max_active_tasks)],
      ["Paused after failures in a row", (dag) => (dag.max_consecutive_failed_dag_runs > 0 ? dag.max_consecutive_failed_dag_runs : "never")],
      ["A run may take", (dag) => dag.dag_run_timeout ?? "as long as it needs"],
      ["Under way now", (dag) => dag.active_runs_count],
    ],
  ],
];

/** `javascript:` and the like are no addresses. */
function owners(dag: Details): ReactNode {
  return dag.owners.map((name, at) => {
    const link = dag.owner_links?.[name];
    const isAddress = link !== undefined && /^(https?:|mailto:)/i.test(link);
    return (
      <span key={name}>
        {at > 0 && ", "}
        {isAddress ? (
          <a className="plain-link" href={link} rel="noopener noreferrer" target="_blank">
            {name}
          </a>
        ) : (
          name
        )}
      </span>
    );
  });
}

const TREES = ["params", "default_args", "asset_expression", "template_search_path"] as const;

export function DetailsView({ dag }: { dag: Details }) {
  return (
    <div className={css.details}>
      {SECTIONS.map(([title, fields]) => (
        <Panel key={title} title={title}>
          <dl className={css.fields}>
            {fields.map(([label, value]) => (
              <div key={label} className={css.field}>
                <dt>{label}</dt>
                <dd>{value(dag)}</dd>
              </div>
            ))}
          </dl>
        </Panel>
      ))}
      {TREES.filter((name) => dag[name] !== null && Object.keys(dag[name] ?? {}).length > 0).map((name) => (
        <Panel key={name} title={WORDS[name]}>
          <JsonTree value={dag[name]} />
        </Panel>
      ))}
      <details className={css.all}>
        <summary>All as the API tells it</summary>
        <JsonTree value={dag} open={1} />
      </details>
    </div>
  );
}

const WORDS: Record<(typeof TREES)[number], string> = {
  params: "Params",
  default_args: "Default arguments",
  asset_expression: "Assets that start it",
  template_search_path: "Template folders",
};
