// What is asked of assets, and telling of an event.
import { queryOptions } from "@tanstack/react-query";
import { toast } from "~/app/toasts";
import { assetsAfter } from "~/models/assets.model";
import { api, ApiError, type Schemas, told } from "./client";
import { cache, onEvents, readAgain } from "./live";

const PAGE = 100;

export const assetsQuery = () =>
  queryOptions({
    queryKey: ["assets"],
    queryFn: async ({ signal }) => {
      const all: Schemas["Asset"][] = [];
      for (;;) {
        const query = { limit: PAGE, offset: all.length, order_by: ["name"] };
        const page = await told(api.GET("/api/v2/assets", { params: { query }, signal }));
        all.push(...page.assets);
        if (page.assets.length === 0 || all.length >= page.total_entries) return all;
      }
    },
  });
onEvents("assets", assetsAfter);

export const assetQuery = (id: number) =>
  queryOptions({
    queryKey: ["asset", id],
    queryFn: ({ signal }) => told(api.GET("/api/v2/assets/{asset_id}", { params: { path: { asset_id: id } }, signal })),
  });
onEvents("asset", assetsAfter);

export const assetEventsQuery = (id: number) =>
  queryOptions({
    queryKey: ["asset-events", id],
    queryFn: ({ signal }) => {
      const query = { asset_id: id, limit: PAGE, order_by: ["-timestamp"] };
      return told(api.GET("/api/v2/assets/events", { params: { query }, signal }));
    },
  });
onEvents("asset-events", assetsAfter);

/** DAGs for which an event of it waits until their other assets are told of too. */
export const queuedQuery = (id: number) =>
  queryOptions({
    queryKey: ["asset-queue", id],
    queryFn: async ({ signal }) => {
      try {
        const path = { asset_id: id };
        return (await told(api.GET("/api/v2/assets/{asset_id}/queuedEvents", { params: { path }, signal }))).queued_events;
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return []; // nothing waits
        throw error;
      }
    },
  });
onEvents("asset-queue", assetsAfter);

export async function tellOfEvent(asset: Schemas["Asset"], extra: Record<string, unknown>): Promise<void> {
  try {
    await told(api.POST("/api/v2/assets/events", { body: { asset_id: asset.id, extra } }));
    toast({ text: `${asset.name} is told to be new. What waits for it starts.` });
  } catch (error) {
    if (!(error instanceof ApiError && error.waits)) throw error;
    toast({ text: error.message });
  }
  for (const key of [["assets"], ["asset", asset.id], ["asset-events", asset.id], ["asset-queue", asset.id]]) readAgain(key);
}

export async function forgetQueue(asset: Schemas["Asset"]): Promise<void> {
  await told(api.DELETE("/api/v2/assets/{asset_id}/queuedEvents", { params: { path: { asset_id: asset.id } } }));
  await cache.invalidateQueries({ queryKey: ["asset-queue", asset.id] });
  toast({ text: `What waited by ${asset.name} is forgotten.` });
}
