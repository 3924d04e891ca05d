// The table of addresses. Each page is a file of its own, fetched when it is first visited.
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  useRouter,
} from "@tanstack/react-router";
import { sessionNow, useSession } from "@/api/session";
import { workspacesQuery } from "@/api/queries";
import { firstRowsQuery } from "@/pages/jobs/rowsQuery";
import { fetchedPart } from "@/parts/fetched";
import { parseSearch, type Search, stringifySearch } from "@/parts/urlState";
import { Fault, Lost } from "@/shell/Faults";
import { Messages } from "@/shell/Messages";
import { Shell } from "@/shell/Shell";
import { firstWorkspace, formerAddress, lastWorkspace } from "@/shell/workspace";

const Door = fetchedPart(() => import("@/shell/Door").then((found) => found.default));

interface Context {
  queries: QueryClient;
  isLinkUsed: boolean;
}

const root = createRootRouteWithContext<Context>()({
  component: Root,
  notFoundComponent: Lost,
  validateSearch: (search: Record<string, unknown>): Search => search as Search,
});

function Root() {
  const session = useSession();
  const router = useRouter();
  const queries = useQueryClient();
  if (session === "open")
    return (
      <>
        <Outlet />
        {/* Inside of the router: what a message says may be a link. */}
        <Messages />
      </>
    );
  const enter = () => {
    // Not `clear`: what is on screen by now would wait for ever for an answer that was thrown away.
    void queries.resetQueries();
    void router.invalidate();
  };
  return <Door isLinkUsed={router.options.context.isLinkUsed} onOpen={enter} />;
}

/** `/`: the last workspace's home, or where an address of the former page leads. */
const start = createRoute({
  getParentRoute: () => root,
  path: "/",
  async beforeLoad({ context, location }) {
    if (sessionNow() === "closed") return; // the door comes first; it leads here again
    const former = formerAddress(new URLSearchParams(location.searchStr), location.hash);
    const found = await context.queries.ensureQueryData(workspacesQuery).catch(() => null);
    if (found === null) return; // the door is closed, or nobody answers: the frame says so
    const names = found.map((one) => one.name ?? "");
    const ws = former?.ws ?? new URLSearchParams(location.searchStr).get("workspace") ?? firstWorkspace(names, lastWorkspace());
    if (!ws) throw redirect({ to: "/workspaces" });
    if (former) throw redirect({ to: "/workspaces/$ws/jobs/$name", params: { ws, name: former.job }, search: {}, hash: "" });
    throw redirect({ to: "/workspaces/$ws/home", params: { ws }, search: {}, hash: "" });
  },
  component: Shell,
});

const frame = createRoute({ getParentRoute: () => root, id: "frame", component: Shell });
const inside = createRoute({ getParentRoute: () => frame, path: "/workspaces/$ws" });

/** Ask for the first rows of the jobs while their page is still on its way. */
function startRows({ context: { queries }, params: { ws }, location }: { context: Context; params: { ws: string }; location: { search: Search } }): void {
  const first = firstRowsQuery(ws, location.search);
  if (first === null || sessionNow() === "closed") return;
  const isThere = (found: readonly { name: string | null }[]) => found.some((one) => one.name === ws);
  // A workspace that is not there is not asked; the frame says so.
  void queries.ensureQueryData(workspacesQuery).then((found) => (isThere(found) ? queries.prefetchQuery(first) : undefined), () => undefined);
}

const tree = root.addChildren([
  start,
  frame.addChildren([
    createRoute({ getParentRoute: () => frame, path: "/workspaces", component: lazyRouteComponent(() => import("@/pages/workspaces")) }),
    inside.addChildren([
      createRoute({
        getParentRoute: () => inside,
        path: "/",
        beforeLoad: ({ params }) => {
          throw redirect({ to: "/workspaces/$ws/home", params });
        },
      }),
      createRoute({ getParentRoute: () => inside, path: "home", component: lazyRouteComponent(() => import("@/pages/home")) }),
      createRoute({ getParentRoute: () => inside, path: "jobs", component: lazyRouteComponent(() => import("@/pages/jobs")), loader: startRows }),
      createRoute({ getParentRoute: () => inside, path: "jobs/create", component: lazyRouteComponent(() => import("@/pages/create")) }),
      createRoute({ getParentRoute: () => inside, path: "jobs/create/automl", component: lazyRouteComponent(() => import("@/pages/automl")) }),
      createRoute({ getParentRoute: () => inside, path: "jobs/compare", component: lazyRouteComponent(() => import("@/pages/compare")) }),
      createRoute({ getParentRoute: () => inside, path: "jobs/$name", component: lazyRouteComponent(() => import("@/pages/job")) }),
      createRoute({ getParentRoute: () => inside, path: "jobs/$name/$tab", component: lazyRouteComponent(() => import("@/pages/job")) }),
      createRoute({ getParentRoute: () => inside, path: "data/create", component: lazyRouteComponent(() => import("@/pages/data/Create")) }),
      createRoute({ getParentRoute: () => inside, path: "data/$name", component: lazyRouteComponent(() => import("@/pages/dataset")) }),
      createRoute({ getParentRoute: () => inside, path: "data/$name/$version", component: lazyRouteComponent(() => import("@/pages/dataset")) }),
      createRoute({ getParentRoute: () => inside, path: "data/$name/$version/$tab", component: lazyRouteComponent(() => import("@/pages/dataset")) }),
      createRoute({ getParentRoute: () => inside, path: "data", component: lazyRouteComponent(() => import("@/pages/data")) }),
      createRoute({ getParentRoute: () => inside, path: "models", component: lazyRouteComponent(() => import("@/pages/models")) }),
      createRoute({ getParentRoute: () => inside, path: "models/$name/$version", component: lazyRouteComponent(() => import("@/pages/model")) }),
      createRoute({ getParentRoute: () => inside, path: "models/$name/$version/$tab", component: lazyRouteComponent(() => import("@/pages/model")) }),
      createRoute({ getParentRoute: () => inside, path: "endpoints", component: lazyRouteComponent(() => import("@/pages/endpoints")) }),
      createRoute({ getParentRoute: () => inside, path: "endpoints/$name", component: lazyRouteComponent(() => import("@/pages/endpoint")) }),
      createRoute({ getParentRoute: () => inside, path: "endpoints/$name/$tab", component: lazyRouteComponent(() => import("@/pages/endpoint")) }),
      createRoute({ getParentRoute: () => inside, path: "environments", component: lazyRouteComponent(() => import("@/pages/environments")) }),
      createRoute({ getParentRoute: () => inside, path: "environments/$name/$version", component: lazyRouteComponent(() => import("@/pages/environment")) }),
      createRoute({ getParentRoute: () => inside, path: "compute", component: lazyRouteComponent(() => import("@/pages/compute")) }),
      createRoute({ getParentRoute: () => inside, path: "datastores", component: lazyRouteComponent(() => import("@/pages/datastores")) }),
      createRoute({ getParentRoute: () => inside, path: "datastores/$name", component: lazyRouteComponent(() => import("@/pages/datastore")) }),
      createRoute({ getParentRoute: () => inside, path: "settings", component: lazyRouteComponent(() => import("@/pages/settings")) }),
    ]),
  ]),
]);

export function makeRouter(context: Context) {
  return createRouter({
    routeTree: tree,
    context,
    parseSearch,
    stringifySearch,
    defaultErrorComponent: Fault,
    defaultNotFoundComponent: Lost,
    defaultPreload: "intent", // hovering a link fetches its page's code
    scrollRestoration: false,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
