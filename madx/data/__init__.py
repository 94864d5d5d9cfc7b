SPLITS = ("train", "dev", "test")  # of labelled data
