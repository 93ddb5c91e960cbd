"""What this version checks and no engine runs yet: refused where something is to be run."""
