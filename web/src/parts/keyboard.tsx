// The list of keys, in a dialog.
import { Kbd, Modal, Table, Title } from "@mantine/core";
import type { ReactNode } from "react";

import type { Place } from "../places";

export const Keyboard = ({ places, onClose }: { places: readonly Place[]; onClose: () => void }) => (
  <Modal opened onClose={onClose} title={<Title order={2} size="h4">Keyboard</Title>}>
    <Table>
      <Table.Tbody>
        <Key keys={["j", "k"]}>next and previous incident</Key>
        <Key keys={["Enter"]}>open it</Key>
        <Key keys={["/"]}>search incidents, documents and commands; also ⌘K or Ctrl K</Key>
        {places.map((place) => <Key key={place.name} keys={["g", place.key]}>{place.name}: {place.about}</Key>)}
        <Key keys={["?"]}>this list</Key>
      </Table.Tbody>
    </Table>
  </Modal>
);

const Key = ({ keys, children }: { keys: string[]; children: ReactNode }) => (
  <Table.Tr>
    <Table.Td>{keys.map((key) => <Kbd key={key} mr={4}>{key}</Kbd>)}</Table.Td>
    <Table.Td>{children}</Table.Td>
  </Table.Tr>
);
