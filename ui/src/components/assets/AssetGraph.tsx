// What makes an asset, itself, and what uses it, drawn from left to right.
import { Link } from "~/app/router";
import { type Asset, BOX, cut, graphOf, type Placed } from "~/models/assets.model";
import { links } from "~/models/links.model";
import css from "./Assets.module.css";

const CHARS = 27;

function curve(from: { x: number; y: number }, to: { x: number; y: number }): string {
  const [x1, y1, x2, y2] = [from.x + BOX.width, from.y + BOX.height / 2, to.x, to.y + BOX.height / 2];
  const middle = (x1 + x2) / 2;
  return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}

export function AssetGraph({ asset }: { asset: Asset }) {
  const graph = graphOf(asset);
  return (
    <div className={css.graph} tabIndex={0} role="group" aria-label={`What makes and uses ${asset.name}`}>
      <svg width={graph.width + 2} height={graph.height + 2} viewBox={`-1 -1 ${graph.width + 2} ${graph.height + 2}`}>
        {graph.makers.map((one) => (
          <path key={one.id} className={css.edge} d={curve(one, graph.asset)} />
        ))}
        {graph.users.map((one) => (
          <path key={one.id} className={css.edge} d={curve(graph.asset, one)} />
        ))}
        {[...graph.makers, ...graph.users].map((one) => (
          <Box key={`${one.x} ${one.id}`} one={one} />
        ))}
        <g className={css.box} data-asset transform={`translate(${graph.asset.x} ${graph.asset.y})`}>
          <rect width={BOX.width} height={BOX.height} rx="5" />
          <text x="12" y="27">
            {cut(asset.name, CHARS)}
          </text>
        </g>
      </svg>
    </div>
  );
}

function Box({ one }: { one: Placed }) {
  return (
    <Link href={links.dag(one.dagId)} className={css.box}>
      <g transform={`translate(${one.x} ${one.y})`}>
        <title>{`${one.dagId}${one.taskId === null ? "" : ` · ${one.taskId}`} ${one.words}`}</title>
        <rect width={BOX.width} height={BOX.height} rx="5" />
        <text x="12" y="19">
          {cut(one.dagId, CHARS)}
        </text>
        <text x="12" y="35">
          {cut(one.taskId === null ? one.words : `${one.taskId} ${one.words}`, CHARS + 4)}
        </text>
      </g>
    </Link>
  );
}
