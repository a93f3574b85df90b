"""What it takes an agent to follow a file and put its lines on HTTP, next to other agents."""
