// Settings, people and this home: one section at a time, of those that whoever looks may see.
import { type ComponentType, lazy, type LazyExoticComponent, Suspense } from "react";
import { useCommands } from "~/app/commands";
import { go, type Params } from "~/app/router";
import { may, useMe } from "~/app/session";
import { AdminFrame } from "~/components/admin/SectionView";
import { Empty, Waiting } from "~/components/Panel";
import { SECTIONS } from "~/models/admin.model";
import { links } from "~/models/links.model";

const VIEWS: Record<string, LazyExoticComponent<ComponentType>> = {
  connections: lazy(() => import("./admin/Connections")),
  variables: lazy(() => import("./admin/Variables")),
  pools: lazy(() => import("./admin/Pools")),
  users: lazy(() => import("./admin/Users")),
  tokens: lazy(() => import("./admin/Tokens")),
  audit: lazy(() => import("./admin/Audit")),
  configuration: lazy(() => import("./admin/Configuration")),
  retention: lazy(() => import("./admin/Retention")),
  providers: lazy(() => import("./admin/Providers")),
  "import-errors": lazy(() => import("./admin/ImportErrors")),
};

export default function Admin({ params }: { params: Params }) {
  const me = useMe();
  const sections = SECTIONS.filter((one) => may(me, one.may));
  const chosen = params.section ?? sections[0]?.id ?? "";
  useCommands(
    sections.map((one) => ({ id: `admin-${one.id}`, label: `Admin: ${one.label}`, run: () => go(links.admin(one.id)) })),
  );
  if (me === undefined) return <Waiting />;
  const View = sections.some((one) => one.id === chosen) ? VIEWS[chosen] : undefined;
  return (
    <AdminFrame sections={sections} chosen={chosen}>
      {View === undefined ? (
        <Empty title={chosen in VIEWS ? "You may not see this." : "There is no such section."}>
          <p>{chosen in VIEWS ? `It takes another role than ${me.role}; an admin can give it.` : "Choose one of those at the side."}</p>
        </Empty>
      ) : (
        <Suspense fallback={<Waiting />}>
          <View key={chosen} />
        </Suspense>
      )}
    </AdminFrame>
  );
}
