// How one signs in: with the identity provider if there is one, or with a key. Used by the page and by the dialog over a page.
import { Alert, Anchor, Button, Divider, PasswordInput, Stack, Text } from "@mantine/core";
import { IconLogin2 } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";

import { api, dataOf, Problem, signInWithKey } from "../api/client";
import { announceSession } from "../api/session";
import { unlessFailed, useFailure } from "../failures";
import { Failure, Waiting } from "./states";

interface SignInFormProps {
  /** Path of the console to go on with. */
  returnTo: string;
  /** In a tab of its own, so that what was written here stays. */
  apart?: boolean;
  /** Begin at the provider at once. */
  atOnce?: boolean;
  onSignedIn: () => void;
}

export function SignInForm({ returnTo, apart = false, atOnce = false, onSignedIn }: SignInFormProps) {
  const options = useQuery({ queryKey: ["sign-in"], queryFn: () => dataOf(api.GET("/api/v1/sign-in")), staleTime: 60_000, refetchInterval: unlessFailed(false) });
  const failure = useFailure(options);
  const [withKey, setWithKey] = useState(false);
  const provider = options.data?.provider;
  if (options.isPending && !failure) return <Waiting rows={2} height={42} />;
  return (
    <Stack>
      {failure && !options.data && <Failure error={failure} again={() => void options.refetch()} />}
      {provider && <WithProvider name={provider} {...{ returnTo, apart, atOnce }} />}
      {provider && (withKey ? <Divider label="or" /> : (
        <Anchor component="button" type="button" size="sm" onClick={() => setWithKey(true)}>Sign in with a key instead</Anchor>
      ))}
      {(!provider || withKey) && <WithKey focus={withKey || !provider} onSignedIn={onSignedIn} />}
    </Stack>
  );
}

function WithProvider({ name, returnTo, apart, atOnce }: { name: string; returnTo: string; apart: boolean; atOnce: boolean }) {
  const begun = useRef(false);
  const start = useMutation({
    mutationFn: () => dataOf(api.POST("/api/v1/sign-in/provider", { body: { return_to: returnTo } })),
    onSuccess: ({ url }) => location.assign(url),
  });
  const { mutate } = start;
  useEffect(() => {
    if (atOnce && !begun.current) mutate();
    begun.current = true;
  }, [atOnce, mutate]);
  const begin = () => (apart ? void open(`/sign-in?${new URLSearchParams({ go: "1", to: "/sign-in?done=1" })}`, "_blank") : start.mutate());
  return (
    <>
      <Button size="md" h="auto" py="xs" data-autofocus styles={{ label: { whiteSpace: "normal" } }} leftSection={<IconLogin2 size={20} aria-hidden />} onClick={begin} loading={start.isPending || start.isSuccess}>Sign in with {name}</Button>
      {apart && <Text size="sm" c="dimmed">It opens in a new tab; this page then goes on by itself.</Text>}
      {start.isError && <Refused error={start.error} />}
    </>
  );
}

function WithKey({ focus, onSignedIn }: { focus: boolean; onSignedIn: () => void }) {
  const [typed, setTyped] = useState("");
  const enter = useMutation({
    mutationFn: () => signInWithKey(typed.trim()),
    onSuccess: () => {
      setTyped("");
      announceSession();
      onSignedIn();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    enter.mutate();
  };
  return (
    <form onSubmit={submit} aria-label="sign in with a key">
      <Stack>
        <PasswordInput label="Key" description="The key an admin gave you; it begins with onr_." value={typed} onChange={(event) => setTyped(event.currentTarget.value)}
          {...(focus ? { "data-autofocus": true, autoFocus: true } : {})} autoComplete="current-password" required />
        {enter.isError && <Refused error={enter.error} />}
        <Button type="submit" variant="default" loading={enter.isPending} disabled={!typed.trim()}>Sign in</Button>
      </Stack>
    </form>
  );
}

function Refused({ error }: { error: Error }) {
  const known = error instanceof Problem;
  return (
    <Alert color="red" role="alert" title={known ? "Not signed in" : "The server can't be reached"}>
      {known ? error.detail : "Nothing was changed; try again."}
    </Alert>
  );
}
