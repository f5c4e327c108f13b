// The frame, and which page stands in it.

import { LocationProvider, Router, lazy, Route, useLocation } from "preact-iso";

import { DestinationsPage } from "./destinations/destinations-page.tsx";
import { useLiveConnection } from "./live-stream.ts";
import { Announcements } from "./parts/announce.tsx";
import { Icon, type IconName } from "./parts/icons.tsx";
import { Empty } from "./parts/states.tsx";
import { nextTheme, theme } from "./theme.ts";
import { TokenDialog } from "./token-dialog.tsx";

const FlagsPage = lazy(() => import("./flags/flags-page.tsx").then(({ FlagsPage }) => FlagsPage));
const LettersPage = lazy(() => import("./letters/letters-page.tsx").then(({ LettersPage }) => LettersPage));
const StreamPage = lazy(() => import("./stream/stream-page.tsx").then(({ StreamPage }) => StreamPage));
const TracePage = lazy(() => import("./trace/trace-page.tsx").then(({ TracePage }) => TracePage));

const PAGES: readonly { readonly path: string; readonly name: string; readonly icon: IconName }[] = [
  { path: "/destinations", name: "Destinations", icon: "destinations" },
  { path: "/flags", name: "Flags", icon: "flags" },
  { path: "/stream", name: "Stream", icon: "stream" },
  { path: "/dead-letters", name: "Dead letters", icon: "dead-letters" },
  { path: "/trace", name: "Trace", icon: "trace" },
];

export function App() {
  useLiveConnection();
  return (
    <LocationProvider>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <Frame />
      <main id="main" class="page" tabIndex={-1}>
        <Router>
          <Route path="/" component={DestinationsPage} />
          <Route path="/destinations/:id?" component={DestinationsPage} />
          <Route path="/flags" component={FlagsPage} />
          <Route path="/dead-letters" component={LettersPage} />
          <Route path="/stream" component={StreamPage} />
          <Route path="/trace" component={TracePage} />
          <Route default component={Nowhere} />
        </Router>
      </main>
      <TokenDialog />
      <Announcements />
    </LocationProvider>
  );
}

function Frame() {
  const { path } = useLocation();
  const isHere = (page: string) =>
    path === page || path.startsWith(`${page}/`) || (path === "/" && page === PAGES[0]?.path);
  return (
    <header class="frame-head">
      <a class="brand" href="/">
        <Mark />
        Sluice
      </a>
      <nav class="frame-nav" aria-label="Pages">
        {PAGES.map((page) => (
          <a key={page.path} href={page.path} aria-current={isHere(page.path) ? "page" : undefined}>
            <Icon name={page.icon} />
            {page.name}
          </a>
        ))}
      </nav>
      <div class="frame-side">
        <ThemeButton />
      </div>
    </header>
  );
}

function ThemeButton() {
  const icons = { system: "half", light: "sun", dark: "moon" } as const;
  const label = `Colours: ${theme.value === "system" ? "as the system" : theme.value}. Change`;
  return (
    <button
      type="button"
      class="button icon-button"
      data-kind="plain"
      aria-label={label}
      title={label}
      onClick={nextTheme}
    >
      <Icon name={icons[theme.value]} />
    </button>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#0b6e75" />
      <path
        d="M6 10h20M6 16h20M6 22h20"
        stroke="#fff"
        stroke-width="2.5"
        stroke-linecap="round"
        opacity=".45"
      />
      <path d="M16 5v22" stroke="#fff" stroke-width="5" />
      <path d="M16 5v22" stroke="#0b6e75" stroke-width="1.5" />
    </svg>
  );
}

function Nowhere() {
  return (
    <Empty title="There is no such page" action={<a href="/destinations">Go to the destinations</a>}>
      The address may be old, or mistyped.
    </Empty>
  );
}
