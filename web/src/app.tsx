import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Suspense, useEffect, useState } from "react";
import { BrowserRouter, Route, Routes } from "react-router";

import { Problem } from "./api/client";
import { lazily, useLoaded, whenIdle } from "./lazily";
import { Now } from "./pages/now";
import { PAGE_FILES } from "./page-files";
import { fetchOnIntent } from "./prefetch";
import { ErrorBoundary } from "./parts/error-boundary";
import { NotFound } from "./parts/not-found";
import { Shell } from "./shell";
import { nonce, theme } from "./theme";

const Incident = lazily(() => PAGE_FILES.incidents().then((page) => page.Incident));
const Ask = lazily(() => PAGE_FILES.ask().then((page) => page.Ask));
const Actions = lazily(() => PAGE_FILES.actions().then((page) => page.Actions));
const Memory = lazily(() => PAGE_FILES.memory().then((page) => page.Memory));
const Trust = lazily(() => PAGE_FILES.trust().then((page) => page.Trust));
const Recurrences = lazily(() => PAGE_FILES.recurrences().then((page) => page.Recurrences));
const Services = lazily(() => PAGE_FILES.services().then((page) => page.Services));
const SignIn = lazily(() => PAGE_FILES["sign-in"]().then((page) => page.SignIn));
const System = lazily(() => PAGE_FILES.system().then((page) => page.System));

const notificationsFile = () => import("@mantine/notifications").then((part) => part.Notifications);

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      retry: (count, error) => count < 2 && !(error instanceof Problem && error.status < 500),
    },
  },
});

export function App() {
  useEffect(fetchOnIntent, []);
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={nonce}>
      <Toasts />
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
              <Route path="actions" element={<Actions />} />
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

/** Messages over the page, which come when the page has nothing else to do; a part by itself, so that nothing else is drawn anew with it. */
function Toasts() {
  const [idle, setIdle] = useState(false);
  const Notifications = useLoaded(notificationsFile, idle);
  useEffect(() => whenIdle(async () => {
    setIdle(true);
    await PAGE_FILES.incidents();
  }), []);
  return Notifications && <Notifications position="top-right" />;
}
