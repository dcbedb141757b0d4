// Home: what runs, what failed and why, what comes next, how Venturi is, and the last day.
import { useQuery } from "@tanstack/react-query";
import type { Params } from "~/app/router";
import { homeQuery } from "~/api/queries";
import { HomeView } from "~/components/home/HomeView";
import { Failure, Waiting } from "~/components/Panel";

export default function Home(_: { params: Params }) {
  const home = useQuery(homeQuery());
  if (home.data !== undefined) return <HomeView glance={home.data} />;
  if (home.error !== null) return <Failure error={home.error} again={() => void home.refetch()} />;
  return <Waiting rows={10} />;
}
