// The page for signing in. Whoever opened another page goes on there.
import { Alert, Button, Center, Paper, Stack, Text, Title } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";

import { api, dataOf, Problem } from "../api/client";
import { announceSession, localPath } from "../api/session";
import { SignInForm } from "../parts/sign-in-form";

const PROBLEMS: Readonly<Record<string, { title: string; text: string }>> = {
  cancelled: { title: "Sign-in was cancelled", text: "Nothing was changed. Try again when you like." },
  expired: { title: "That sign-in is no longer valid", text: "It took longer than ten minutes, was used already, or began in another browser. Sign in again." },
  provider: { title: "The identity provider did not sign you in", text: "It can't be reached, or refused. Try again; if it stays like this, an admin finds the reason in the server's log." },
  token: { title: "The identity provider's answer failed a check", text: "You are not signed in. An admin finds the reason in the server's log." },
  role: { title: "Your account has no access to OnRecall", text: "None of your groups gives you a role here. Ask an admin to add you to one, then sign in again." },
  domain: { title: "Your account has no access to OnRecall", text: "It needs a verified email address of a domain that is allowed here. Sign in with another account, or ask an admin." },
};

export function SignIn() {
  const [params] = useSearchParams();
  const go = useNavigate();
  const queries = useQueryClient();
  const returnTo = localPath(params.get("to"));
  const done = params.has("done");
  const reason = params.get("problem") ?? "";
  const problem = Object.hasOwn(PROBLEMS, reason) ? PROBLEMS[reason] : undefined;
  useEffect(() => {
    if (done) announceSession();
  }, [done]);
  const goOn = () => {
    queries.clear();
    void go(returnTo, { replace: true });
  };
  return (
    <Center mih="100dvh" p="md" component="main">
      <Paper withBorder p={{ base: "lg", xs: "xl" }} radius="lg" w="100%" maw={420}>
        <Stack gap="lg">
          <Stack gap={4} align="center" ta="center">
            <img src="/static/icon.svg" width={48} height={48} alt="" />
            <Title order={1} size="h3">{done ? "You are signed in" : "Sign in to OnRecall"}</Title>
            {!done && <Text size="sm" c="dimmed">What broke like this before, and what fixed it.</Text>}
          </Stack>
          {done ? <Done /> : (
            <>
              {params.has("signed-out") && !problem && <Alert color="teal" role="status">You are signed out.</Alert>}
              {problem && <Alert color="orange" role="alert" title={problem.title}>{problem.text}</Alert>}
              <Already returnTo={returnTo} onGoOn={goOn} />
              <SignInForm returnTo={returnTo} atOnce={params.has("go") && !problem} onSignedIn={goOn} />
            </>
          )}
        </Stack>
      </Paper>
    </Center>
  );
}

const Done = () => (
  <Stack>
    <Text size="sm" ta="center">The page you came from goes on by itself. You can close this tab.</Text>
    <Button variant="default" onClick={() => close()}>Close this tab</Button>
    <Button variant="subtle" component={Link} to="/">Go to Now</Button>
  </Stack>
);

/** Whoever is signed in already, or needs no sign-in, can go on. */
function Already({ returnTo, onGoOn }: { returnTo: string; onGoOn: () => void }) {
  const me = useQuery({
    queryKey: ["me", "sign-in"],
    queryFn: () => dataOf(api.GET("/api/v1/me")).catch((error: unknown) => {
      if (error instanceof Problem && error.status === 401) return null;
      throw error;
    }),
    retry: false,
  });
  if (!me.data) return null;
  return (
    <Alert color="teal" title={me.data.name ? `You are signed in as ${me.data.name}` : "This machine needs no sign-in"}>
      <Button size="xs" variant="light" color="teal" component="a" href={returnTo} onClick={(event) => { event.preventDefault(); onGoOn(); }}>Go on</Button>
    </Alert>
  );
}
