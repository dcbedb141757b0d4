// A state as a shape and a colour: each state has a shape of its own, so that no one needs the colour.
import { type TaskState, stateOf, wordOf } from "~/models/states.model";
import css from "./StateGlyph.module.css";
import type { ReactNode } from "react";

const SHAPES: Record<TaskState, ReactNode> = {
  success: (
    <>
      <circle cx="8" cy="8" r="6.5" fill="currentColor" />
      <path d="m5 8.3 2.1 2.1L11 6" stroke="var(--bg)" strokeWidth="1.7" fill="none" />
    </>
  ),
  running: (
    <>
      <circle cx="8" cy="8" r="5.8" stroke="currentColor" strokeWidth="1.6" fill="none" opacity="0.35" />
      <path d="M8 2.2a5.8 5.8 0 0 1 5.8 5.8" stroke="currentColor" strokeWidth="2" fill="none" className={css.turning} />
      <circle cx="8" cy="8" r="2.4" fill="currentColor" />
    </>
  ),
  failed: (
    <>
      <path d="M8 1.3 15 14H1z" fill="currentColor" strokeLinejoin="round" stroke="currentColor" strokeWidth="0.8" />
      <path d="M8 6v3.6M8 11.7v.1" stroke="var(--bg)" strokeWidth="1.7" />
    </>
  ),
  upstream_failed: <path d="M8 2.2 14.2 13.4H1.8z" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinejoin="round" />,
  up_for_retry: (
    <path d="M12.9 6.3A5.3 5.3 0 1 0 13.3 9M13.4 2.6v3.9H9.5" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinejoin="round" />
  ),
  up_for_reschedule: (
    <>
      <circle cx="8" cy="8" r="5.8" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M8 4.8V8l2.3 1.6" fill="none" stroke="currentColor" strokeWidth="1.5" />
    </>
  ),
  deferred: <path d="M5.4 3v10M10.6 3v10" stroke="currentColor" strokeWidth="2.6" fill="none" />,
  starting: (
    <>
      <circle cx="8" cy="8" r="5.8" stroke="currentColor" strokeWidth="1.6" fill="none" />
      <path d="M8 2.2a5.8 5.8 0 0 1 0 11.6z" fill="currentColor" />
    </>
  ),
  queued: <rect x="2.8" y="2.8" width="10.4" height="10.4" rx="2" fill="none" stroke="currentColor" strokeWidth="1.6" />,
  scheduled: (
    <rect x="2.8" y="2.8" width="10.4" height="10.4" rx="2" fill="none" stroke="currentColor" strokeWidth="1.6" strokeDasharray="2.4 2.2" />
  ),
  skipped: <path d="M3 4.2 7.4 8 3 11.8zM8.6 4.2 13 8l-4.4 3.8z" fill="currentColor" />,
  removed: <path d="m4 4 8 8M12 4l-8 8" stroke="currentColor" strokeWidth="1.7" fill="none" />,
  none: <circle cx="8" cy="8" r="2.2" fill="currentColor" />,
};

export interface StateGlyphProps {
  state: string | null | undefined;
  size?: number;
  /** With the word beside it; without, the word is for those who hear the page. */
  named?: boolean;
}

export function StateGlyph({ state, size = 14, named = false }: StateGlyphProps) {
  const known = stateOf(state);
  const drawn = (
    <svg width={size} height={size} viewBox="0 0 16 16" className={css.glyph} data-state={known} strokeLinecap="round" aria-hidden="true">
      {SHAPES[known]}
    </svg>
  );
  if (named) {
    return (
      <span className={css.named} data-state={known}>
        {drawn}
        {wordOf(known)}
      </span>
    );
  }
  return (
    <span className={css.alone} title={wordOf(known)}>
      {drawn}
      <span className="unseen">{wordOf(known)}</span>
    </span>
  );
}
