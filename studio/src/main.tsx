// Where the page begins: a code in the address is changed for the session, then everything is drawn.
import "./styles";
import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { makeQueries, workspacesQuery } from "@/api/queries";
import { askSession, openSession, sessionNow } from "@/api/session";
import { makeRouter } from "./routes";
import { theme, variables } from "./theme";

/** Use the one-time code of a printed link; returns whether it opened nothing. */
async function takeCode(): Promise<boolean> {
  const code = /^#code=(.+)$/.exec(location.hash)?.[1];
  if (!code) return false;
  // Out of the address before anything else: it must not stay in the history.
  history.replaceState(null, "", location.pathname + location.search);
  return openSession({ code }).then(
    () => false,
    () => true,
  );
}

const isLinkUsed = await takeCode();
await askSession();
const queries = makeQueries();
const router = makeRouter({ queries, isLinkUsed });
// What every page asks is under way while the first one is drawn.
if (sessionNow() === "open") void queries.prefetchQuery(workspacesQuery);
const schemes = localStorageColorSchemeManager({ key: "bancada.scheme" });

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={variables} colorSchemeManager={schemes} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
