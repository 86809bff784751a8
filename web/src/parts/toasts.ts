// What a click led to, said in a corner of the page.
import type { NotificationData } from "@mantine/notifications";

import { Problem } from "../api/client";

/** Shows a message. App mounts what shows it when the browser is idle; a message that comes earlier waits. */
export const notify = (message: NotificationData): void =>
  void import("@mantine/notifications").then(({ notifications }) => notifications.show(message), () => undefined);

export const showSuccess = (message: string): void => notify({ message, color: "teal" });

export const showError = (error: Error): void =>
  notify(
    error instanceof Problem
      ? { title: error.title, message: [error.detail, ...error.fields.map((field) => `${field.field}: ${field.message}`)].filter(Boolean).join(" "), color: "red", autoClose: 10_000 }
      : { title: "The server cannot be reached", message: "Nothing was changed; try again.", color: "red", autoClose: 10_000 },
  );
