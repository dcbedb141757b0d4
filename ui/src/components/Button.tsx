// A button, or a link that looks like one.
import type { MouseEvent, ReactNode, Ref } from "react";
import { Link } from "~/app/router";
import css from "./Button.module.css";

export interface ButtonProps {
  children: ReactNode;
  onClick?: (event: MouseEvent<HTMLButtonElement>) => void;
  href?: string;
  kind?: "plain" | "main" | "danger" | "quiet";
  size?: "small" | "normal";
  label?: string; // where the content says nothing by itself
  title?: string;
  type?: "button" | "submit";
  disabled?: boolean;
  busy?: boolean;
  pressed?: boolean;
  expanded?: boolean;
  hasPopup?: "menu" | "dialog";
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ children, onClick, href, kind = "plain", size = "normal", label, title, ...rest }: ButtonProps) {
  const shared = { className: css.button, "data-kind": kind, "data-size": size, "aria-label": label, title: title ?? label };
  if (href !== undefined) {
    return (
      <Link href={href} {...shared}>
        {children}
      </Link>
    );
  }
  return (
    <button
      ref={rest.ref}
      type={rest.type ?? "button"}
      onClick={onClick}
      disabled={rest.disabled || rest.busy}
      aria-busy={rest.busy || undefined}
      aria-pressed={rest.pressed}
      aria-expanded={rest.expanded}
      aria-haspopup={rest.hasPopup}
      {...shared}
    >
      {children}
    </button>
  );
}
