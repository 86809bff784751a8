import { Button, Group } from "@mantine/core";
import { IconCheck, IconX } from "@tabler/icons-react";

import type { Outcome, Step } from "../format";

interface MarksProps {
  step: Step;
  marked: Outcome | undefined;
  mark: (step: Step, outcome: Outcome) => void;
}

/** What came of a step, told with one touch. */
export function StepOutcomeButtons({ step, marked, mark }: MarksProps) {
  return (
    <Group gap="xs">
      <Button size="xs" color="teal" variant={marked === "worked" ? "filled" : "default"} aria-pressed={marked === "worked"}
        leftSection={<IconCheck size={14} aria-hidden />} onClick={() => mark(step, "worked")}>
        This fixed it
      </Button>
      <Button size="xs" color="red" variant={marked === "did_not_help" ? "filled" : "default"} aria-pressed={marked === "did_not_help"}
        leftSection={<IconX size={14} aria-hidden />} onClick={() => mark(step, "did_not_help")}>
        Did not help
      </Button>
    </Group>
  );
}
