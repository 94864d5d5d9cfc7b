"""The kinds of task: what each predicts, learns from, and is scored by. One module a kind."""
