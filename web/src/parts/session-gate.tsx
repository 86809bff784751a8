// When the server wants to know who asks: at the first page the sign-in page; later a dialog over it, so that nothing written is lost.
import { Alert, Button } from "@mantine/core";
import { IconLogin2 } from "@tabler/icons-react";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useLocation, useNavigate } from "react-router";

import { Problem } from "../api/client";
import { onSession } from "../api/session";
import { useLoaded } from "../lazily";

const signInFile = () => import("./sign-in-dialog").then((part) => part.SignInDialog);

type Wanted = "no" | "dialog" | "later";
const PUBLIC = new Set<unknown>(["healthz", "sign-in"]);

/** Whether this page shows something already, and so may hold what somebody wrote. */
const isShowing = (queries: QueryClient): boolean =>
  queries.getQueryCache().getAll().some((query) => query.state.data != null && !PUBLIC.has(query.queryKey[0]));

export function SessionGate() {
  const queries = useQueryClient();
  const go = useNavigate();
  const { pathname, search, hash } = useLocation();
  const [wanted, setWanted] = useState<Wanted>("no");
  const SignInDialog = useLoaded(signInFile, wanted !== "no");
  const place = `${pathname}${search}${hash}`;
  useEffect(() => {
    const refused = (error: unknown, changed: boolean) => {
      if (!(error instanceof Problem) || error.status !== 401) return;
      if (isShowing(queries)) setWanted((now) => (now === "later" && !changed ? now : "dialog"));
      else void go(`/sign-in?${new URLSearchParams({ to: place })}`, { replace: true });
    };
    const stopQueries = queries.getQueryCache().subscribe((event) => {
      const answered = event.type === "updated" && event.action.type === "success" && event.query.state.data != null;
      if (answered && !PUBLIC.has(event.query.queryKey[0])) setWanted("no");
      else refused(event.query.state.error, false);
    });
    const stopChanges = queries.getMutationCache().subscribe((event) => refused(event.mutation?.state.error, event.type === "updated"));
    return () => {
      stopQueries();
      stopChanges();
    };
  }, [queries, go, place]);
  useEffect(() => onSession(() => {
    setWanted("no");
    void queries.invalidateQueries();
  }), [queries]);
  return (
    <>
      {wanted === "later" && (
        <Alert color="orange" mb="sm" p="xs" icon={<IconLogin2 aria-hidden />} title="Your session has ended">
          What you see is no longer updated. <Button size="compact-xs" variant="light" color="orange" onClick={() => setWanted("dialog")}>Sign in</Button>
        </Alert>
      )}
      {wanted === "dialog" && SignInDialog && <SignInDialog returnTo={place} onSignedIn={() => setWanted("no")} onClose={() => setWanted("later")} />}
    </>
  );
}
