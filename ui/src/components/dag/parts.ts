// What other pages bring: the contents of an attempt and the dialog for a backfill. Where one is not there, what stands in
// its place is decided by whoever uses it.
import { type ComponentType, lazy, type LazyExoticComponent } from "react";

export interface AttemptPanelProps {
  dagId: string;
  runId: string;
  taskId: string;
  mapIndex: number;
  hrefOf?: (mapIndex: number) => string;
  beside?: boolean;
}

export interface BackfillDialogProps {
  dagId: string;
  onClose: () => void;
}

type Loads = Record<string, () => Promise<unknown>>;

function found<Props>(loads: Loads, name: string): LazyExoticComponent<ComponentType<Props>> | null {
  const load = Object.values(loads)[0];
  if (load === undefined) return null;
  return lazy(async () => {
    const module = (await load()) as Record<string, ComponentType<Props>>;
    return { default: module[name] ?? module.default! };
  });
}

export const LazyAttempt = found<AttemptPanelProps>(import.meta.glob("../attempt/AttemptPanel.tsx"), "AttemptPanel");
export const LazyBackfill = found<BackfillDialogProps>(import.meta.glob("../**/BackfillDialog.tsx"), "BackfillDialog");
export const hasBackfill = LazyBackfill !== null;
