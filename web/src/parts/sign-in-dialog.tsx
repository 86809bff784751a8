// Signing in again over a page that stays as it is.
import { Modal, Text, Title } from "@mantine/core";

import { SignInForm } from "./sign-in-form";

interface SignInDialogProps {
  /** Path of the console to go on with. */
  returnTo: string;
  onSignedIn: () => void;
  onClose: () => void;
}

export const SignInDialog = ({ returnTo, onSignedIn, onClose }: SignInDialogProps) => (
  <Modal opened onClose={onClose} title={<Title order={2} size="h4">Sign in again</Title>}>
    <Text size="sm" mb="md">Your session has ended. Nothing you wrote on this page is lost.</Text>
    <SignInForm apart returnTo={returnTo} onSignedIn={onSignedIn} />
  </Modal>
);
