// A menu below a button: arrows move in it, letters find, Escape closes.
import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { go } from "~/app/router";
import { Button, type ButtonProps } from "./Button";
import css from "./Menu.module.css";

export interface MenuItem {
  id: string;
  label: ReactNode;
  hint?: ReactNode;
  onChoose?: () => void;
  href?: string;
  checked?: boolean;
  danger?: boolean;
  disabled?: boolean;
}

export interface MenuProps extends Pick<ButtonProps, "kind" | "size"> {
  /** Of the menu; of its button too where that shows no words. */
  label: string;
  wordless?: boolean;
  button: ReactNode;
  items: MenuItem[];
  side?: "start" | "end";
  head?: ReactNode;
}

const GAP = 4;
const ITEMS = "[role^=menuitem]:not([aria-disabled=true])";

export function Menu({ button, items, side = "end", head, kind, size, label, wordless = false }: MenuProps) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  // In the top layer, so that no row or box that scrolls cuts it off.
  useLayoutEffect(() => {
    const list = box.current;
    if (!open || list === null || opener.current === null) return;
    list.showPopover();
    const at = opener.current.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = list;
    const left = side === "end" ? at.right - width : at.left;
    const below = at.bottom + GAP + height <= innerHeight || at.top < height + GAP;
    list.style.left = `${Math.max(GAP, Math.min(left, innerWidth - width - GAP))}px`;
    list.style.top = `${Math.max(GAP, below ? at.bottom + GAP : at.top - GAP - height)}px`;
    const away = (event: Event) => {
      if (!list.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("scroll", away, true);
    window.addEventListener("resize", away);
    return () => {
      document.removeEventListener("scroll", away, true);
      window.removeEventListener("resize", away);
    };
  }, [open, side]);
  useEffect(() => {
    if (!open) return;
    box.current?.querySelector<HTMLElement>(ITEMS)?.focus();
    const outside = (event: PointerEvent) => {
      if (!box.current?.parentElement?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);
  const close = () => {
    setOpen(false);
    opener.current?.focus();
  };
  const key = (event: KeyboardEvent) => {
    const all = [...(box.current?.querySelectorAll<HTMLElement>(ITEMS) ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown") all[(at + 1) % all.length]?.focus();
    else if (event.key === "ArrowUp") all[(at - 1 + all.length) % all.length]?.focus();
    else if (event.key === "Home") all[0]?.focus();
    else if (event.key === "End") all[all.length - 1]?.focus();
    else if (event.key === "Tab") {
      setOpen(false);
      return;
    } else if (event.key.length === 1 && event.key !== " ") {
      const rest = [...all.slice(at + 1), ...all.slice(0, at + 1)];
      rest.find((one) => one.textContent?.toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const choose = (one: MenuItem) => {
    if (one.disabled) return;
    close();
    if (one.href !== undefined) go(one.href);
    one.onChoose?.();
  };
  return (
    <div className={css.menu}>
      <Button
        ref={opener}
        kind={kind ?? "plain"}
        size={size ?? "normal"}
        label={wordless ? label : undefined}
        title={label}
        hasPopup="menu"
        expanded={open}
        onClick={() => setOpen(!open)}
      >
        {button}
      </Button>
      {open && (
        <div ref={box} popover="manual" className={css.list} onKeyDown={key}>
          {head !== undefined && <div className={css.head}>{head}</div>}
          <div role="menu" aria-label={label}>
            {items.map((one) => (
              <button
                key={one.id}
                type="button"
                role={one.checked === undefined ? "menuitem" : "menuitemradio"}
                aria-checked={one.checked}
                aria-disabled={one.disabled}
                data-danger={one.danger}
                className={css.item}
                tabIndex={-1}
                onClick={() => choose(one)}
              >
                {one.checked !== undefined && <span className={css.check}>{one.checked ? "✓" : ""}</span>}
                <span className={css.text}>{one.label}</span>
                {one.hint !== undefined && <span className={css.hint}>{one.hint}</span>}
              </button>
            ))}
          </div>
        </div>
      )}
    </div>
  );
}
