"""What calls cost: as an operator says, or by the price list that `genai-prices` ships."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million tokens, in and out, where an operator says so."""

    input: float
    output: float

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """Dollars for so many tokens."""
        return (self.input * tokens_in + self.output * tokens_out) / 1_000_000


def listed_cost(provider: str, model: str, tokens_in: int, tokens_out: int, cached: int = 0) -> float | None:
    """Dollars by the shipped price list; None where it does not have the model. `cached` of the tokens in cost less."""
    from genai_prices import Usage, calc_price  # noqa: PLC0415 - an extra, loaded when a model is asked

    usage = Usage(input_tokens=tokens_in, output_tokens=tokens_out, cache_read_tokens=cached)
    try:
        return float(calc_price(usage, model, provider_id=provider).total_price)
    except (LookupError, ValueError):
        return None
