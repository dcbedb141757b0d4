// A dialog above the page; the browser's own, so that focus stays in it and Escape closes it.
import { type ReactNode, useEffect, useId, useRef } from "react";
import { Button } from "./Button";
import { closing } from "./closing";
import { CrossIcon } from "./icons";
import css from "./Dialog.module.css";

export interface DialogProps {
  title: ReactNode;
  onClose: () => void;
  children: ReactNode;
  foot?: ReactNode;
  width?: "small" | "normal" | "wide";
}

export function Dialog({ title, onClose, children, foot, width = "normal" }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    // The first field has the keys, where no keyboard comes up over the dialog by that.
    if (matchMedia("(pointer: fine)").matches) {
      dialog.current?.querySelector<HTMLElement>(`.${css.body} :is(input, select, textarea):not([type=hidden])`)?.focus();
    }
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className={css.dialog}
      data-width={width}
      aria-labelledby={id}
      {...closing(onClose)}
    >
      <div className={css.inner}>
        <header className={css.head}>
          <h2 id={id}>{title}</h2>
          <Button kind="quiet" size="small" label="Close" onClick={onClose}>
            <CrossIcon />
          </Button>
        </header>
        <div className={css.body}>{children}</div>
        {foot !== undefined && <footer className={css.foot}>{foot}</footer>}
      </div>
    </dialog>
  );
}
