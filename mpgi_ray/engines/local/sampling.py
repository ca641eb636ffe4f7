"""How a prompt says that it is answered, for a model of ours."""

from __future__ import annotations

from dataclasses import dataclass

from mpgi_ray.engines.base import Prompt
from mpgi_ray.errors import RecipeError
from mpgi_ray.models.decoding import Decoding, Greedy, Nucleus

_KNOWN = ("temperature", "top_p", "max_tokens", "seed")


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen, and how many at most."""

    decoding: Decoding
    most: int

    @classmethod
    def of(cls, prompt: Prompt) -> Sampling:
        """What a prompt's ``sampling`` says, under the names of the OpenAI API.

        Raises:
            RecipeError: it holds an unknown name, or a wrong value.
        """
        told = prompt.sampling
        if unknown := [name for name in told if name not in _KNOWN]:
            raise RecipeError(
                f"sampling of {prompt.name!r} holds {', '.join(unknown)}: a model of ours takes "
                f"{', '.join(_KNOWN)}"
            )
        try:
            temperature, top_p = float(told.get("temperature", 0)), float(told.get("top_p", 1))
            most, seed = int(told.get("max_tokens", 256)), int(told.get("seed", 0))
            if most < 1:
                raise ValueError("max_tokens below 1")
            greedy = temperature == 0
            return cls(Greedy() if greedy else Nucleus(top_p, temperature, seed), most)
        except (TypeError, ValueError) as error:
            raise RecipeError(f"sampling of {prompt.name!r} is {dict(told)}: {error}") from error
