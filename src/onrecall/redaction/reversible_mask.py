"""Secrets and personal data taken out of a text so that they can be put back: for what is sent to somebody else."""

from onrecall.redaction.engine import secrets_in


class Mask:
    """Remembers what it took out. The same value gets the same name, which nobody outside could have guessed."""

    def __init__(self, nonce: str) -> None:
        self.nonce = nonce
        self._names: dict[str, str] = {}

    def hide(self, text: str) -> str:
        """The text with every secret and everything personal under a name."""
        parts, at = [], 0
        for span in secrets_in(text):
            parts += [text[at : span.start], self._name(text[span.start : span.end], span.kind)]
            at = span.end
        return "".join([*parts, text[at:]])

    def restore(self, text: str) -> str:
        """The text with the values in place of their names."""
        for value, name in self._names.items():
            text = text.replace(name, value)
        return text

    def _name(self, value: str, kind: str) -> str:
        return self._names.setdefault(value, f"masked_{kind.replace('-', '_')}_{len(self._names) + 1}_{self.nonce}")
