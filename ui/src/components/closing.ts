// How a dialog is closed: by Escape, or by a press beside it. Whoever shows it takes it away.
import type { MouseEvent, SyntheticEvent } from "react";

export const closing = (onClose: () => void) => ({
  onCancel: (event: SyntheticEvent) => {
    event.preventDefault();
    onClose();
  },
  onMouseDown: (event: MouseEvent) => {
    if (event.target === event.currentTarget) onClose();
  },
});
