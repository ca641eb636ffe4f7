"""Where Ray is met: the session, tasks over a list, the settings of Ray Data."""
