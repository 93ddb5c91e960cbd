"""Groundings: where in a network the variables of an alignment live, as maps over sites, and where to look for them.

`ground` makes frames of the places of variables; a frame is a map over parts of activations.
"""

from .frames import Autoencoder as Autoencoder
from .frames import Block as Block
from .frames import Frame as Frame
from .frames import Grounding as Grounding
from .frames import Inside as Inside
from .parts import Part as Part
from .parts import Positions as Positions
from .places import Place as Place
from .places import ground as ground
from .places import move as move
from .search import Search as Search
