// A service's name, everywhere the way to its page.
import { Anchor } from "@mantine/core";
import { Link } from "react-router";

const serviceAddress = (name: string): string => `/services/${encodeURIComponent(name)}`;

export const ServiceLink = ({ name }: { name: string }) => (
  <Anchor component={Link} to={serviceAddress(name)} inherit fw={600} className="onrecall-wrap onrecall-over">{name}</Anchor>
);
