"""From the typed program to experiments, and from experiments to the plan."""
