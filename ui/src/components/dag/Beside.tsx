// What one looks at and, beside it, what was chosen in it: on a phone that takes the place of the other.
import type { ReactNode, Ref } from "react";
import css from "./Beside.module.css";

export interface BesideProps {
  children: ReactNode;
  /** What was chosen; nothing where it is false or null. */
  side: ReactNode;
  main?: Ref<HTMLDivElement>;
}

export function Beside({ children, side, main }: BesideProps) {
  return (
    <div className={css.page} data-chosen={Boolean(side) || undefined}>
      <div className={css.main} ref={main}>
        {children}
      </div>
      {side}
    </div>
  );
}
