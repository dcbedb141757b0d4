// Who is signed in, and what they may; the server decides anew at every request.
import { useQuery } from "@tanstack/react-query";
import { type Me, whoAmI } from "~/api/client";
import { PLACES, type Place } from "./pages";

const READS = ["dags", "runs", "tasks", "logs", "values", "assets", "pools", "about"].map((one) => `${one}:read`);
const RUNS = ["runs:write", "tasks:write", "dags:write", "assets:write", "questions:write"];
const SETTINGS = ["variables", "connections", "pools"].flatMap((one) => [`${one}:read`, `${one}:write`]);
const HOLDS: Record<string, string[]> = {
  viewer: READS,
  user: [...READS, ...RUNS],
  operator: [...READS, ...RUNS, ...SETTINGS, "values:write", "events:read"],
};

export function useMe(): Me | undefined {
  return useQuery({ queryKey: ["me"], queryFn: whoAmI }).data;
}

/** Whether to offer something; as core/accounts.py has it. */
export function may(me: Me | undefined, action: string, dagId?: string): boolean {
  if (me === undefined) return false;
  const roles = [me.role, ...(dagId !== undefined ? [me.grants[dagId] ?? ""] : [])];
  return roles.some((role) => role === "admin" || (HOLDS[role] ?? []).includes(action));
}

export function useMay(action: string, dagId?: string): boolean {
  return may(useMe(), action, dagId);
}

/** The places that whoever looks may go to. */
export function usePlaces(): Place[] {
  const me = useMe();
  return PLACES.filter((place) => place.may === undefined || may(me, place.may));
}
