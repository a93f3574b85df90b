"""What can go wrong."""


class AgentFailed(Exception):
    """An agent ended by itself, sent too much, or did not send every line in time."""
