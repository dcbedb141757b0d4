// One run over time: the newest, or the one that the address names.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { gridQuery, timelineQuery } from "~/api/dagQueries";
import { setQuery, useQuery as useAddressed } from "~/app/router";
import { RunChooser } from "~/components/dag/RunChooser";
import { TimelineView } from "~/components/dag/TimelineView";
import { Empty, Failure, Waiting } from "~/components/Panel";
import type { DagTabProps } from "../Dag";

export default function Timeline({ dagId }: DagTabProps) {
  const grid = useQuery(gridQuery(dagId));
  const [asked] = useAddressed("run");
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set());
  const runs = grid.data?.runs ?? [];
  const runId = asked || runs[runs.length - 1]?.runId;
  const timeline = useQuery({ ...timelineQuery(dagId, runId ?? ""), enabled: runId !== undefined });
  if (grid.data !== undefined && runId === undefined) {
    return (
      <Empty title="There are no runs yet.">
        <p>A run is drawn here as bars over time, one for each try of each task.</p>
      </Empty>
    );
  }
  if (timeline.data === undefined) {
    return timeline.error !== null ? <Failure error={timeline.error} again={() => void timeline.refetch()} /> : <Waiting rows={10} />;
  }
  return (
    <TimelineView
      timeline={timeline.data}
      unfolded={unfolded}
      onUnfold={(task) =>
        setUnfolded((before) => {
          const next = new Set(before);
          if (!next.delete(task)) next.add(task);
          return next;
        })
      }
      chooser={<RunChooser runs={runs} chosen={runId} onChoose={(next) => setQuery({ run: next })} />}
    />
  );
}
