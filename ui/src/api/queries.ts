// What is asked for by several pages, each under one key, with what events do to it.
import { queryOptions } from "@tanstack/react-query";
import { heard } from "~/app/clock";
import { dagsAfter } from "~/models/dags.model";
import { homeAfter } from "~/models/home.model";
import { api, type Schemas, told } from "./client";
import { onEvents } from "./live";

/** The type is said by name: the client takes lists of fixed length for lists of any. */
async function timed<T extends { now: number }>(asked: Promise<{ data?: unknown; error?: unknown; response: Response }>): Promise<T> {
  const answer = (await told(asked)) as T;
  heard(answer.now);
  return answer;
}

export const homeQuery = () =>
  queryOptions({ queryKey: ["home"], queryFn: ({ signal }) => timed<Schemas["Glance"]>(api.GET("/api/venturi/v1/home", { signal })) });
onEvents("home", homeAfter);

export const dagsQuery = () =>
  queryOptions({ queryKey: ["dags"], queryFn: ({ signal }) => timed<Schemas["DagList"]>(api.GET("/api/venturi/v1/dags", { signal })) });
onEvents("dags", dagsAfter);
