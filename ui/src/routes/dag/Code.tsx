// The file of a version of the DAG, or what has changed between two of them.
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { sourceQuery, versionsQuery } from "~/api/dagQueries";
import { setQuery, useQuery as useAddressed } from "~/app/router";
import { Code as CodeText } from "~/components/Code";
import { CodeHead } from "~/components/dag/CodeHead";
import { Empty, Failure, Waiting } from "~/components/Panel";
import type { DagTabProps } from "../Dag";
import css from "./Code.module.css";

const DiffView = lazy(() => import("~/components/dag/DiffView"));

export default function Code({ dagId }: DagTabProps) {
  const versions = useQuery(versionsQuery(dagId));
  const [asked] = useAddressed("version");
  const [against] = useAddressed("beside");
  const list = versions.data?.dag_versions ?? [];
  const newest = list[0]?.version_number;
  const version = Number(asked) || newest;
  const other = Number(against) || null;
  const source = useQuery({ ...sourceQuery(dagId, version ?? 0), enabled: version !== undefined });
  const before = useQuery({ ...sourceQuery(dagId, other ?? 0), enabled: other !== null });
  if (versions.data === undefined) {
    return versions.error !== null ? <Failure error={versions.error} again={() => void versions.refetch()} /> : <Waiting rows={14} />;
  }
  const error = source.error ?? before.error;
  return (
    <div className={css.page}>
      <CodeHead
        versions={list}
        version={version}
        other={other}
        onVersion={(next) => setQuery({ version: next === newest ? null : String(next) })}
        onOther={(next) => setQuery({ beside: next === null ? null : String(next) })}
      />
      <div className={css.text}>
        {error !== null && <Failure error={error} />}
        {source.data !== undefined && other === null && source.data.content !== null && (
          <CodeText code={source.data.content} language="python" label={`Version ${version}`} />
        )}
        {source.data?.content === null && <Empty title="The text of this version was not kept." />}
        {source.data !== undefined && before.data !== undefined && other !== null && (
          <Suspense fallback={<Waiting rows={14} />}>
            <DiffView before={before.data.content ?? ""} after={source.data.content ?? ""} />
          </Suspense>
        )}
      </div>
    </div>
  );
}
