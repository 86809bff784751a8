// The pages at the bottom of a phone: four at hand, the others behind "More".
import { IconDots } from "@tabler/icons-react";
import { useEffect, useId, useRef } from "react";
import { Link, useLocation } from "react-router";

import { AT_HAND, isAt, type Place, PLACES } from "../places";

const first = PLACES.filter((place) => AT_HAND.includes(place.name));
const rest = PLACES.filter((place) => !AT_HAND.includes(place.name));

export function NavItem({ place, className }: { place: Place; className: string }) {
  const active = isAt(useLocation().pathname, place);
  return (
    <Link to={place.to} className={className} {...(active ? { "aria-current": "page" as const } : {})}>
      <place.icon size={20} aria-hidden />
      {place.name}
    </Link>
  );
}

export const Tabs = () => (
  <nav className="onrecall-tabs" aria-label="pages">
    {first.map((place) => <NavItem key={place.to} place={place} className="onrecall-tab" />)}
    <More />
  </nav>
);

/** The browser itself closes the list at a touch beside it and at Escape, and gives the focus back; in one too old for that, the list is part of the row (app.css). */
function More() {
  const { pathname } = useLocation();
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const here = rest.some((place) => isAt(pathname, place));
  useEffect(() => {
    if (list.current && "hidePopover" in list.current) list.current.hidePopover();
  }, [pathname]);
  return (
    <>
      <button type="button" className="onrecall-tab" popoverTarget={id} {...(here ? { "aria-current": "true" as const } : {})}>
        <IconDots size={20} aria-hidden />
        More
      </button>
      <div ref={list} id={id} popover="auto" className="onrecall-more">
        {rest.map((place) => <NavItem key={place.to} place={place} className="onrecall-place" />)}
      </div>
    </>
  );
}
