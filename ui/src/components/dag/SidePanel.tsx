// What stands beside a grid or a graph: the thing that was chosen. Its edge can be moved; on a phone it takes the page.
import { type KeyboardEvent, type PointerEvent, type ReactNode, useState } from "react";
import { Button } from "../Button";
import { CrossIcon } from "../icons";
import css from "./SidePanel.module.css";

export interface SidePanelProps {
  label: string;
  onClose: () => void;
  children: ReactNode;
}

const KEY = "venturi.panel";
const LEAST = 320;
const MOST = 1000;
const STEP = 24;

function read(): number {
  try {
    return Number(localStorage.getItem(KEY)) || 480;
  } catch {
    return 480;
  }
}

export function SidePanel({ label, onClose, children }: SidePanelProps) {
  const [width, setWidth] = useState(read);
  const set = (wanted: number) => {
    const next = Math.round(Math.max(LEAST, Math.min(MOST, wanted)));
    setWidth(next);
    try {
      localStorage.setItem(KEY, String(next));
    } catch {
      // It holds for this visit.
    }
  };
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    event.preventDefault();
    const from = event.clientX;
    const edge = event.currentTarget;
    edge.setPointerCapture(event.pointerId);
    const move = (next: globalThis.PointerEvent) => set(width + from - next.clientX);
    edge.addEventListener("pointermove", move);
    edge.addEventListener("pointerup", () => edge.removeEventListener("pointermove", move), { once: true });
  };
  const key = (event: KeyboardEvent) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    set(width + (event.key === "ArrowLeft" ? STEP : -STEP));
    event.preventDefault();
  };
  return (
    <aside className={css.panel} aria-label={label} style={{ width }}>
      <div
        className={css.edge}
        role="separator"
        aria-orientation="vertical"
        aria-label="Width of the panel"
        aria-valuenow={width}
        aria-valuemin={LEAST}
        aria-valuemax={MOST}
        tabIndex={0}
        onPointerDown={drag}
        onKeyDown={key}
      />
      <div className={css.close}>
        <Button size="small" kind="quiet" label="Close the panel" onClick={onClose}>
          <CrossIcon />
        </Button>
      </div>
      <div className={css.content}>{children}</div>
    </aside>
  );
}
