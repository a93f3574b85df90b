"""The local run: stand-ins for AWS and Snowflake, the demo, and the end-to-end tests."""
