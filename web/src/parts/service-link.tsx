// A service's name, everywhere the way to its page.
import { Anchor } from "@mantine/core";
import { Link } from "react-router";

import { shortName } from "../format";

const serviceAddress = (name: string): string => `/services/${encodeURIComponent(name)}`;

export const ServiceLink = ({ name }: { name: string }) => (
  <Anchor component={Link} to={serviceAddress(name)} inherit fw={600} className="onrecall-wrap onrecall-over" title={name}>{shortName(name)}</Anchor>
);
