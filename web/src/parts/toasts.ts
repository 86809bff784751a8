// What a click led to, said in a corner of the page.
import { notifications } from "@mantine/notifications";

import { Problem } from "../api/client";

export const showSuccess = (message: string): void => void notifications.show({ message, color: "teal" });

export const showError = (error: Error): void =>
  void notifications.show(
    error instanceof Problem
      ? { title: error.title, message: [error.detail, ...error.fields.map((field) => `${field.field}: ${field.message}`)].filter(Boolean).join(" "), color: "red", autoClose: 10_000 }
      : { title: "The server cannot be reached", message: "Nothing was changed; try again.", color: "red", autoClose: 10_000 },
  );
