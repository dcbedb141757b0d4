// The frame around every page: rail, top line, banner, messages, palette, and the page itself.
import { Component, type ReactNode, Suspense, useMemo, useState } from "react";
import { Empty, Failure, Waiting } from "~/components/Panel";
import { links } from "~/models/links.model";
import { Banner } from "./Banner";
import { type Shortcut, useKeys } from "./keys";
import { PAGES } from "./pages";
import { Palette } from "./Palette";
import { Rail } from "./Rail";
import { go, Link, matched, usePath } from "./router";
import { usePlaces } from "./session";
import { Shortcuts } from "./Shortcuts";
import { Toasts } from "./toasts";
import { TopLine } from "./TopLine";
import { ZoneChooser } from "./ZoneChooser";
import css from "./App.module.css";

type Above = "palette" | "shortcuts" | "zone" | null;

export function App() {
  const path = usePath();
  const [above, setAbove] = useState<Above>(null);
  const found = useMemo(() => {
    for (const page of PAGES) {
      const params = matched(page.path, path);
      if (params !== null) return { page, params };
    }
    return null;
  }, [path]);
  const goes: Shortcut[] = usePlaces().map((place) => ({
    keys: `g ${place.key}`,
    label: place.label,
    group: "Go to",
    run: () => go(place.href),
  }));
  useKeys([
    { keys: "Mod+k", label: "Search and commands", group: "Everywhere", always: true, run: () => setAbove("palette") },
    { keys: "?", label: "These shortcuts", group: "Everywhere", run: () => setAbove("shortcuts") },
    ...goes,
  ]);
  const crumbs = found?.page.crumbs(found.params) ?? [{ text: "Not found" }];
  const Page = found?.page.load;
  return (
    <div className={css.frame}>
      <a className={css.skip} href="#page">
        Skip to the page
      </a>
      <Rail path={path} />
      <TopLine crumbs={crumbs} onPalette={() => setAbove("palette")} onShortcuts={() => setAbove("shortcuts")} onZone={() => setAbove("zone")} />
      <main id="page" className={css.page} tabIndex={-1}>
        <Banner />
        <Guard key={found?.page.path ?? "none"}>
          <Suspense fallback={<Waiting />}>
            {Page !== undefined ? <Page params={found!.params} /> : <NotFound path={path} />}
          </Suspense>
        </Guard>
      </main>
      {above === "palette" && <Palette onClose={() => setAbove(null)} onZone={() => setAbove("zone")} />}
      {above === "zone" && <ZoneChooser onClose={() => setAbove(null)} />}
      {above === "shortcuts" && <Shortcuts onClose={() => setAbove(null)} />}
      <Toasts />
    </div>
  );
}

function NotFound({ path }: { path: string }) {
  return (
    <Empty title="There is no such page.">
      <p>
        Nothing stands at <code>{path}</code>. Go to <Link href={links.home()}>Home</Link> or{" "}
        <Link href={links.dags()}>the DAGs</Link>, or search with the palette.
      </p>
    </Empty>
  );
}

/** What a page throws is shown in its place; the frame stays. */
class Guard extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <div className={css.broken}>
        <Failure error={this.state.error} again={() => this.setState({ error: null })} />
      </div>
    );
  }
}
