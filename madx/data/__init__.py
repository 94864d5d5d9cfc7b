"""Text and labelled data, from their sources to what training reads."""

EVALUATION_SPLITS = ("dev", "test")  # of labelled data: their sentences are cut out of the text
SPLITS = ("train", *EVALUATION_SPLITS)
