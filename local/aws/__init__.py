"""Stand-ins for the AWS services that the stack of template.yaml uses."""
