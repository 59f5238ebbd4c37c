"""Maps as they are laid out."""

import json
from functools import cache

from virtnet.commands.map.model import Map
from virtnet.commands.map.picture.boxes import boxes
from virtnet.commands.map.picture.drawing import Picture
from virtnet.commands.map.picture.layout import LayOut, by_dagre, picture


@cache
def dagre() -> LayOut:
    """The library, loaded once."""
    return by_dagre()


def laid_out(drawn: Map) -> Picture:
    return picture(boxes(drawn), dagre())


def in_a_column(given: str) -> str:
    """The simplest layout, for what is not about places."""
    asked = json.loads(given)
    places = [[0, 100 * number] for number in range(len(asked["boxes"]))]
    ways = [{"points": [[0, 0], [5, 5], [9, 9]], "x": 1, "y": 1} for _ in asked["lines"]]
    return json.dumps({"places": places, "layers": [0 for _ in places], "ways": ways})


def below_one_another(drawn: Map) -> Picture:
    return picture(boxes(drawn), in_a_column)
