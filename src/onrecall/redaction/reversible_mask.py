"""Mask secrets and personal data reversibly, for texts sent to third parties."""

from onrecall.redaction.engine import find_secrets


class Mask:
    """Maps values to unguessable placeholders; the same value gets the same placeholder."""

    def __init__(self, nonce: str) -> None:
        self.nonce = nonce
        self._names: dict[str, str] = {}
        self._hidden: dict[str, str] = {}

    def hide(self, text: str) -> str:
        """Replace secrets and personal data with placeholders; a text that comes again is not searched again."""
        if text not in self._hidden:
            self._hidden[text] = self._replace(text)
        return self._hidden[text]

    def _replace(self, text: str) -> str:
        parts, at = [], 0
        for span in find_secrets(text):
            parts += [text[at : span.start], self._name(text[span.start : span.end], span.kind)]
            at = span.end
        return "".join([*parts, text[at:]])

    def restore(self, text: str) -> str:
        """Replace the placeholders with their values."""
        for value, name in self._names.items():
            text = text.replace(name, value)
        return text

    def _name(self, value: str, kind: str) -> str:
        return self._names.setdefault(value, f"masked_{kind.replace('-', '_')}_{len(self._names) + 1}_{self.nonce}")
