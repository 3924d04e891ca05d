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

/** Get the first page and what it asks, which `early.js` asked for: drawn at once it costs half of what it costs in steps. */
async function begun(): Promise<void> {
  await Promise.all([queries.prefetchQuery(workspacesQuery), router.load()]).catch(() => undefined); // what fails is said on the page
  if (!queries.isFetching()) return;
  await new Promise<void>((done) => {
    const stop = queries.getQueryCache().subscribe(() => {
      if (queries.isFetching()) return;
      stop();
      done();
    });
  });
}

const BLANK_MS = 150; // nobody looks at nothing for longer, whatever is still on its way

const isLinkUsed = await takeCode();
await askSession();
const queries = makeQueries();
const router = makeRouter({ queries, isLinkUsed });
if (sessionNow() === "open") await Promise.race([begun(), new Promise((done) => setTimeout(done, BLANK_MS))]);
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
