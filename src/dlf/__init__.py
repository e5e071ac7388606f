"""The package behind the book *Deep Learning Fundamentals: for the people who build it*.

Import the module that carries the topic's name, for example ``dlf.layers`` or ``dlf.claims``. Importing ``dlf``
itself loads nothing else.
"""

__version__ = "0.1.0"
