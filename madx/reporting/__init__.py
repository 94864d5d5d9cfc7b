"""Tables, figures and the page of a study, made from scores and metrics alone."""
