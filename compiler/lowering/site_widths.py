"""How wide a whole site is, at each of its positions."""

from ...lang.places import Site
from ..network_facts import NetworkFacts


def site_width(site: Site, facts: NetworkFacts) -> int | None:
    """The dims of a site's component or module, whichever of them it names; None where they are not known."""
    return facts.width(site.component, site.layer) if site.module is None else facts.module_width(site.module)
