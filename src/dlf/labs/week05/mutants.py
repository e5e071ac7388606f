"""All known wrong solutions of week 5: importing the two modules fills the catalogue."""

from dlf.labs.week05 import mutants_images, mutants_sequences
from dlf.labs.week05.catalogue import CATALOGUE

__all__ = ["CATALOGUE", "mutants_images", "mutants_sequences"]
