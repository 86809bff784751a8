// Who is signed in, the teams to switch to, and the way out.
import { ActionIcon, Menu, Text } from "@mantine/core";
import { IconDevices, IconLogout, IconUserCircle, IconUsersGroup } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate } from "react-router";

import { api, dataOf } from "../api/client";
import { announceSession } from "../api/session";
import { useMe } from "../current-user";
import { forgetRecent } from "../recent";
import { showError } from "./toasts";

export function Account() {
  const me = useMe();
  const go = useNavigate();
  const queries = useQueryClient();
  const leave = () => {
    queries.clear();
    void go("/sign-in?signed-out=1", { replace: true });
    announceSession();
  };
  const signOut = useMutation({
    mutationFn: () => dataOf(api.DELETE("/api/v1/session")),
    onSuccess: ({ provider_url: provider }) => {
      if (!provider) return leave();
      announceSession();
      location.assign(provider);
    },
    onError: showError,
  });
  const everywhere = useMutation({ mutationFn: () => dataOf(api.DELETE("/api/v1/sessions")), onSuccess: leave, onError: showError });
  const [opened, setOpened] = useState(false);
  const teams = useQuery({
    queryKey: ["session", "teams"],
    queryFn: () => dataOf(api.GET("/api/v1/session/teams")),
    enabled: opened && Boolean(me.data?.session),
  });
  const switchTeam = useMutation({
    mutationFn: (team: string | null) => dataOf(api.PUT("/api/v1/session/team", { body: { team } })),
    onSuccess: () => {
      queries.clear();
      forgetRecent();
      announceSession();
      location.assign("/"); // what is on this page belongs to the other team
    },
    onError: showError,
  });
  if (!me.data?.session) return null;
  const others = teams.data?.items.filter((each) => !each.current) ?? [];
  return (
    <Menu position="bottom-end" width={240} opened={opened} onChange={setOpened}>
      <Menu.Target>
        <ActionIcon variant="subtle" size="lg" aria-label={`signed in as ${me.data.name}`}><IconUserCircle size={20} aria-hidden /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label><Text size="sm" fw={600} c="bright" className="onrecall-wrap">{me.data.name}</Text>{me.data.role}{me.data.team ? ` in ${me.data.team}` : ""}</Menu.Label>
        {others.map((each) => (
          <Menu.Item key={each.team ?? ""} leftSection={<IconUsersGroup size={18} aria-hidden />} onClick={() => switchTeam.mutate(each.team)}>
            Switch to {each.team ?? "the installation"}
          </Menu.Item>
        ))}
        <Menu.Item leftSection={<IconDevices size={18} aria-hidden />} component={Link} to="/system/sessions">Sessions</Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={18} aria-hidden />} onClick={() => signOut.mutate()}>Sign out</Menu.Item>
        <Menu.Item leftSection={<IconLogout size={18} aria-hidden />} onClick={() => everywhere.mutate()}>Sign out everywhere</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
