"""Searches by Optuna that resume: `sweeper` asks for trials and tells what came of them."""
