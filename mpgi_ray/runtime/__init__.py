"""What the jobs use of Ray: the session, tasks over a list, the settings of Ray Data."""
