"""The dashboard of the template as a picture, drawn from the metrics of a run."""
