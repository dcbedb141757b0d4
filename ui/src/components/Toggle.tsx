// A switch that moves at once; whoever uses it puts it back where that did not hold.
import css from "./Toggle.module.css";

export interface ToggleProps {
  on: boolean;
  label: string;
  onChange: (on: boolean) => void;
  disabled?: boolean;
}

export function Toggle({ on, label, onChange, disabled = false }: ToggleProps) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      aria-label={label}
      title={label}
      disabled={disabled}
      className={css.toggle}
      onClick={() => onChange(!on)}
    >
      <span className={css.knob} />
    </button>
  );
}
