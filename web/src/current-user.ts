// Who the server takes this tab for.
import { useQuery } from "@tanstack/react-query";

import { api, dataOf, type Schemas } from "./api/client";

export type Role = Schemas["CallerOut"]["role"];

export const useMe = () => useQuery({ queryKey: ["me"], queryFn: () => dataOf(api.GET("/api/v1/me")), staleTime: 30_000 });

/** Whether a role is enough to change things; while it is not known yet, the server may say. */
export const mayChange = (role: Role | undefined): boolean => role === undefined || role === "responder" || role === "admin";
