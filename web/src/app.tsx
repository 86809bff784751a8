import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy } from "react";
import { BrowserRouter, Route, Routes } from "react-router";

import { Problem } from "./api/client";
import { Ask } from "./pages/ask";
import { Incident } from "./pages/incident";
import { Now } from "./pages/now";
import { Boundary } from "./parts/boundary";
import { Lost } from "./parts/lost";
import { Shell } from "./shell";
import { nonce, theme } from "./theme";

const Memory = lazy(() => import("./pages/memory").then((page) => ({ default: page.Memory })));
const Trust = lazy(() => import("./pages/trust").then((page) => ({ default: page.Trust })));
const Recurrences = lazy(() => import("./pages/recurrences").then((page) => ({ default: page.Recurrences })));
const System = lazy(() => import("./pages/system").then((page) => ({ default: page.System })));

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      retry: (count, error) => count < 2 && !(error instanceof Problem && error.status < 500),
    },
  },
});

export function App() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={nonce}>
      <Notifications position="top-right" />
      <QueryClientProvider client={queries}>
        <Boundary place="console"><BrowserRouter>
          <Routes>
            <Route element={<Shell />}>
              <Route index element={<Now />} />
              <Route path="ask" element={<Ask />} />
              <Route path="incidents/:id" element={<Incident />} />
              <Route path="memory" element={<Memory />} />
              <Route path="trust" element={<Trust />} />
              <Route path="recurrences" element={<Recurrences />} />
              <Route path="system/:section?" element={<System />} />
              <Route path="*" element={<Lost />} />
            </Route>
          </Routes>
        </BrowserRouter></Boundary>
      </QueryClientProvider>
    </MantineProvider>
  );
}
