// A few ways to look, side by side: one of them, or several, are pressed.
import type { ReactNode } from "react";
import css from "./Segments.module.css";

export interface SegmentsProps {
  label: string;
  choices: { id: string; label: ReactNode }[];
  chosen: readonly string[];
  onChoose: (id: string) => void;
}

export function Segments({ label, choices, chosen, onChoose }: SegmentsProps) {
  return (
    <div className={css.segments} role="group" aria-label={label}>
      {choices.map((one) => (
        <button key={one.id} type="button" aria-pressed={chosen.includes(one.id)} onClick={() => onChoose(one.id)}>
          {one.label}
        </button>
      ))}
    </div>
  );
}
