import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";
import { BrowserRouter, Route, Routes } from "react-router";

import { Problem } from "./api/client";
import { Now } from "./pages/now";
import { ErrorBoundary } from "./parts/error-boundary";
import { NotFound } from "./parts/not-found";
import { Shell } from "./shell";
import { nonce, theme } from "./theme";

const incidentPage = () => import("./pages/incident");
const Incident = lazy(() => incidentPage().then((page) => ({ default: page.Incident })));
const Ask = lazy(() => import("./pages/ask").then((page) => ({ default: page.Ask })));
const Memory = lazy(() => import("./pages/memory").then((page) => ({ default: page.Memory })));
const Trust = lazy(() => import("./pages/trust").then((page) => ({ default: page.Trust })));
const Recurrences = lazy(() => import("./pages/recurrences").then((page) => ({ default: page.Recurrences })));
const Services = lazy(() => import("./pages/services").then((page) => ({ default: page.Services })));
const SignIn = lazy(() => import("./pages/sign-in").then((page) => ({ default: page.SignIn })));
const System = lazy(() => import("./pages/system").then((page) => ({ default: page.System })));

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      retry: (count, error) => count < 2 && !(error instanceof Problem && error.status < 500),
    },
  },
});

/** Fetches what is opened next most often once the first page is drawn; a failure shows where it is opened. */
function prefetch(): void {
  const later = globalThis.requestIdleCallback ?? ((run: () => void) => setTimeout(run, 1_000));
  later(() => void incidentPage().catch(() => undefined));
}

export function App() {
  useEffect(prefetch, []);
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={nonce}>
      <Notifications position="top-right" />
      <QueryClientProvider client={queries}>
        <ErrorBoundary place="console"><BrowserRouter>
          <Routes>
            <Route path="sign-in" element={<Suspense fallback={null}><SignIn /></Suspense>} />
            <Route element={<Shell />}>
              <Route index element={<Now />} />
              <Route path="ask" element={<Ask />} />
              <Route path="incidents/:id" element={<Incident />} />
              <Route path="memory" element={<Memory />} />
              <Route path="trust" element={<Trust />} />
              <Route path="recurrences" element={<Recurrences />} />
              <Route path="services/*" element={<Services />} />
              <Route path="system/:section?" element={<System />} />
              <Route path="*" element={<NotFound />} />
            </Route>
          </Routes>
        </BrowserRouter></ErrorBoundary>
      </QueryClientProvider>
    </MantineProvider>
  );
}
