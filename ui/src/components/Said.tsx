// What is said of a run or a task: why it stands as it does, and what people have noted.
import type { ReactNode } from "react";
import css from "./Said.module.css";

export function Why({ failed = false, children }: { failed?: boolean; children: ReactNode }) {
  return (
    <p className={css.why} data-tone={failed ? "danger" : undefined}>
      {children}
    </p>
  );
}

export function Note({ children }: { children: string }) {
  return <p className={css.note}>{children}</p>;
}
