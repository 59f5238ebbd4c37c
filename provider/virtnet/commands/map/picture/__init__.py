"""A map as a picture: `boxes` says what is drawn, `layout` where, and `svg` and `page` draw it."""
