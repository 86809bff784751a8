// A picture of a note: fetched with the key of this tab, shown small, whole when it is opened.
import { Image, Modal, Skeleton, Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";

import { fetched } from "../api/client";
import { hasFailed } from "../failures";
import type { ImageAddress as Address } from "../images";

const FOREVER = { staleTime: Infinity, gcTime: 10 * 60_000 }; // its address names its content

export function NoteImage({ picture: { name, url }, height = 220 }: { picture: Address; height?: number }) {
  const [opened, { open, close }] = useDisclosure(false);
  const image = useQuery({ queryKey: ["picture", url], queryFn: async () => dataUrl(await fetched(url)), ...FOREVER });
  const title = name || "picture";
  if (hasFailed(image)) return <Text size="sm" c="dimmed" component="span">{title} can’t be loaded.</Text>;
  if (!image.data) return <Skeleton height={120} maw={220} aria-label={`loading ${title}`} />;
  return (
    <>
      <UnstyledButton onClick={open} aria-label={`open ${title}`} className="onrecall-picture">
        <Image src={image.data} alt={title} fit="contain" mah={height} w="auto" maw="100%" radius="sm" />
      </UnstyledButton>
      <Modal opened={opened} onClose={close} title={title} size="auto" centered>
        <Image src={image.data} alt={title} fit="contain" mah="80dvh" w="auto" maw="100%" />
      </Modal>
    </>
  );
}

/** As an address that the page's policy lets it draw; a picture in one runs nothing. */
function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(new Error("The picture cannot be read."));
    reader.readAsDataURL(blob);
  });
}
