// Asks the worker where everything stands. What was laid out before stays until the next is there.
import { useEffect, useState } from "react";
import type { Laid, ToLay } from "~/models/layout.model";

let worker: Worker | null = null;
let asked = 0;
const waiting = new Map<number, (laid: Laid) => void>();

function ask(lay: ToLay, then: (laid: Laid) => void): () => void {
  if (worker === null) {
    worker = new Worker(new URL("../../models/layout.worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = (event: MessageEvent<{ id: number; laid: Laid }>) => {
      waiting.get(event.data.id)?.(event.data.laid);
      waiting.delete(event.data.id);
    };
  }
  const id = ++asked;
  waiting.set(id, then);
  worker.postMessage({ id, asked: lay });
  return () => waiting.delete(id);
}

export interface LaidOf<T> {
  drawing: T;
  laid: Laid;
}

export function useLayout<T extends { lay: ToLay }>(drawing: T | null): LaidOf<T> | null {
  const [found, setFound] = useState<LaidOf<T> | null>(null);
  useEffect(() => (drawing === null ? undefined : ask(drawing.lay, (laid) => setFound({ drawing, laid })) as () => void), [drawing]);
  return found;
}
