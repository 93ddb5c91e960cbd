"""The one registry of diagnostic codes: what each means, and the exit status that it leads to.

Codes are stable and grouped by stage: CS0xx syntax, CS1xx names and types, CS2xx causal models, CS3xx alignments,
CS4xx experiments and claims, CS5xx networks, CS9xx internal.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """What a code means in one line; `exit` is 2 where the spec is wrong, 4 where the environment is."""

    title: str
    exit: int = 2


CODES: dict[str, Code] = {
    # --- CS0xx: syntax (lang) ---
    # --- CS1xx: names and types (lang) ---
    # --- CS2xx: causal models (lang: structure, CS200-CS219; compiler: by enumeration, CS220-CS239) ---
    # --- CS3xx: alignments (lang: structure, CS300-CS319; compiler: against the network, CS320-CS339) ---
    # --- CS4xx: experiments and claims (lang: CS400-CS419; compiler: CS420-CS439) ---
    # --- CS5xx: networks (compiler) ---
    # --- CS9xx: internal ---
}
