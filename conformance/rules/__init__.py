"""The rules, a room for each subject. A rule sees a trace and nothing else."""
