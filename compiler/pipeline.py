"""The driver: a spec's text goes in at the top and leaves as a plan at the bottom, one pass a line.

    text --lang--> program --> models, networks --> experiments --> naive plan --> plan

`check_spec` runs every check and never plans; `compile_spec` adds the plan, and computes nothing in it twice.
"""

from functools import cached_property, partial
from typing import TYPE_CHECKING

from ..lang import read_declarations, read_imports
from ..lang.collecting import uncollected
from ..lang.diagnostics import Diagnostic, Source, SpecError, one_of_each_run
from ..lang.program import Program
from ..lang.record import record
from .causal_model import CausalModel, lower_model, share_population
from .checks.check_answers_known import check_answers_known
from .checks.check_readings import check_readings
from .checks.check_rivals import check_rivals
from .checks.models.check_definedness import LeftOut, count_left_out
from .checks.models.check_models import check_models
from .checks.networks.check_networks import check_networks
from .checks.pairs.check_pairs import check_graph_items, check_pairs, check_splits
from .checks.pairs.check_recipe_divisions import check_recipe_divisions
from .checks.pairs.check_recipe_lengths import check_recipe_lengths
from .checks.runnable.check_runnable import check_runnable, list_runnable, say_obstacle
from .experiments import Experiment, GraphExperiment, GraphItems, NetworkFile
from .keep_sound import keep_sound
from .lowering.lower_graphs import lower_graph
from .program_to_experiments import lower_claims, lower_graphs
from .read_files import FolderFiles
from .sampling.populations import Populations

if TYPE_CHECKING:  # networkx is no part of checking
    from .plan import EngineName, Plan


@record
class Checked:
    """A spec without errors: everything that compiling it needs, what look-ups leave out of tasks, and its warnings."""

    source: Source
    program: Program
    models: dict[str, CausalModel]
    networks: dict[str, NetworkFile]
    experiments: tuple[Experiment, ...]
    graphs: tuple[GraphItems, ...]
    populations: Populations
    left_out: tuple[LeftOut, ...]
    warnings: tuple[Diagnostic, ...]

    @cached_property
    def controlled(self) -> tuple[Experiment, ...]:
        """The experiments with every control; found out only where it is needed, since checking does without."""
        from .controls.lower_flipped import lower_flipped
        from .controls.lower_nulls import lower_nulls

        flipped = lower_flipped(self.experiments, self.populations)
        obstacle_to = partial(say_obstacle, program=self.program, networks=self.networks)
        return lower_nulls(flipped, self.program, self.models, self.networks, obstacle_to)

    @cached_property
    def edged(self) -> tuple[GraphExperiment, ...]:
        """The graphs with every edge; of n nodes these are n(n - 1), and checking does without them."""
        return tuple(lower_graph(self.program, self.models, self.networks, items) for items in self.graphs)


@uncollected()
def check_spec(source: Source, allow_path: bool = False, populations: Populations | None = None) -> Checked:
    """Check a spec: syntax, names, types, models, networks, items. Loads no weights.

    Items that an earlier check drew are taken from its `populations`.

    Raises:
        SpecError: with every error and warning that was found, in one run.
    """
    files = FolderFiles(source.path.parent, allow_path)
    source, found = read_imports(source, files)
    program, problems = read_declarations(source, files)
    found += problems
    if program is None or found != problems:
        raise SpecError(source, one_of_each_run(found))
    program = keep_sound(program, source, found)
    found += check_answers_known(program)
    models = {m.name: lower_model(m, program.tasks[m.task]) for m in program.models.values()}
    models = share_population(models, {m.name: m.task for m in program.models.values()})
    found += check_models(models, _aligned(program), program)
    networks, problems = check_networks(program, source.path.parent, allow_path)
    found += problems
    found += check_splits(program)
    too_long = check_recipe_lengths(program, models)
    found += too_long or check_recipe_divisions(program, models)
    found += check_readings(program, models)
    program = keep_sound(program, source, found)
    found += check_rivals(program, models)
    runnable = list_runnable(program, networks)
    experiments = lower_claims(program, runnable.claims, models, networks)
    graphs = lower_graphs(program, runnable.graphs, models, networks)
    populations = Populations(populations)
    found += check_pairs(program, experiments, populations)
    found += check_graph_items(program, graphs, populations)
    _stop_at_errors(source, found)
    left_out = count_left_out(program, models)
    return Checked(
        source, program, models, networks, experiments, graphs, populations, left_out, one_of_each_run(found)
    )


def stop_unless_runnable(checked: Checked) -> None:
    """Refuse a spec of which a claim measures what no engine can run yet.

    Raises:
        SpecError: with every such declaration and estimand.
    """
    _stop_at_errors(checked.source, check_runnable(checked.program, checked.networks))


def compile_spec(checked: Checked, engine: "EngineName | None" = None, fitted_by: "EngineName | None" = None) -> "Plan":
    """The plan of a checked spec for an engine (None: the fastest that can run it). Hashes the networks' files.

    Maps are fitted by the engine `fitted_by` (None: by the same).

    Raises:
        SpecError: a claim measures what cannot be run yet.
    """
    from .choose_engine import choose_engine
    from .optimising import optimise_for_engines
    from .planning import plan_experiments

    stop_unless_runnable(checked)
    engine = engine or choose_engine(checked.networks.values())[0]
    settings, graphs = checked.program.settings, checked.edged
    naive = plan_experiments(
        checked.controlled, checked.networks, checked.populations, settings, engine, fitted_by, graphs
    )
    return optimise_for_engines(naive)


def _aligned(program: Program) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The variables that each model's alignments name."""
    table: dict[str, tuple[tuple[str, ...], ...]] = dict.fromkeys(program.models, ())
    for alignment in program.alignments.values():
        table[alignment.model] += (alignment.variables,)
    return table


def _stop_at_errors(source: Source, found: tuple[Diagnostic, ...]) -> None:
    if any(diagnostic.severity == "error" for diagnostic in found):
        raise SpecError(source, one_of_each_run(found))
