// A graph with what one does to it: folding, saving it as a picture, and what was chosen beside it.
import { type ReactNode, useMemo, useState } from "react";
import { useKeys } from "~/app/keys";
import { drawingOf } from "~/models/drawing.model";
import { type Graph, OPEN_MAX } from "~/models/graph.model";
import { type Cell, groupCellsOf } from "~/models/grid.model";
import { inkOf } from "../grid/glyphs";
import { Beside } from "../dag/Beside";
import { Menu } from "../Menu";
import { Waiting } from "../Panel";
import { GraphView } from "./GraphView";
import { useLayout } from "./useLayout";
import css from "./GraphPanel.module.css";

export interface GraphPanelProps {
  graph: Graph;
  /** How a task stands in the run that is shown; null where there is none. */
  cellOf: (taskId: string) => Cell | null;
  chosen: string | null; // a task
  onChoose: (taskId: string) => void;
  onOpen: (taskId: string) => void;
  onClose: () => void;
  /** On the picture, as it is saved. */
  title: string;
  withAssets: boolean;
  onAssets: (shown: boolean) => void;
  onProblem: (problem: unknown) => void;
  /** At the left of the tools. */
  head: ReactNode;
  /** What was chosen. */
  side: ReactNode;
}

const foldings = new Map<string, ReadonlySet<string>>();

export function GraphPanel(props: GraphPanelProps) {
  const { graph, cellOf, chosen, withAssets } = props;
  const dagId = graph.dag_id;
  const [turned, setTurned] = useState<ReadonlySet<string> | null>(() => foldings.get(dagId) ?? null);
  const all = useMemo(() => new Set(graph.groups.map(([id]) => id)), [graph]);
  const folded = useMemo(() => turned ?? (graph.tasks.length > OPEN_MAX ? all : new Set<string>()), [turned, graph, all]);
  const drawing = useMemo(() => drawingOf(graph, folded, withAssets), [graph, folded, withAssets]);
  const found = useLayout(drawing);
  const groupCell = useMemo(() => groupCellsOf(graph, cellOf), [graph, cellOf]);
  const fold = (next: ReadonlySet<string>) => {
    foldings.set(dagId, next);
    setTurned(next);
  };
  useKeys([
    { keys: "Escape", label: "Close what is chosen", group: "The graph", run: props.onClose },
    { keys: "e", label: "Unfold all groups", group: "The graph", run: () => fold(new Set()) },
    { keys: "E", label: "Fold all groups", group: "The graph", run: () => fold(all) },
  ]);
  if (found === null) return <Waiting rows={10} />;
  const save = async (kind: "svg" | "png") => {
    try {
      const { download, pngOf, svgOf } = await import("./exporting");
      const svg = svgOf({ title: props.title, graph, ...found, cellOf, groupCell, ink: inkOf(document.documentElement) });
      download(`${dagId}.${kind}`, kind === "svg" ? new Blob([svg], { type: "image/svg+xml" }) : await pngOf(svg));
    } catch (problem) {
      props.onProblem(problem);
    }
  };
  return (
    <Beside side={props.side}>
      <div className={css.head}>
        {props.head}
        <span className={css.tools}>
          {graph.groups.length > 0 && (
            <Menu
              size="small"
              label="Groups"
              button="Groups"
              items={[
                { id: "open", label: "Unfold all", hint: "e", onChoose: () => fold(new Set()) },
                { id: "fold", label: "Fold all", hint: "E", onChoose: () => fold(all) },
              ]}
            />
          )}
          <Menu
            size="small"
            label="The picture"
            button="Picture"
            items={[
              ...(graph.assets.length > 0 ? [{ id: "assets", label: "With assets", checked: withAssets, onChoose: () => props.onAssets(!withAssets) }] : []),
              { id: "svg", label: "Save as SVG", onChoose: () => void save("svg") },
              { id: "png", label: "Save as PNG", onChoose: () => void save("png") },
            ]}
          />
        </span>
      </div>
      <GraphView
        graph={graph}
        {...found}
        cellOf={cellOf}
        groupCell={groupCell}
        chosen={chosen}
        folded={folded}
        onChoose={props.onChoose}
        onFold={(group) => {
          const next = new Set(folded);
          if (!next.delete(group)) next.add(group);
          fold(next);
        }}
        onOpen={props.onOpen}
        label={`The graph of ${dagId}`}
        place={dagId}
      />
    </Beside>
  );
}
