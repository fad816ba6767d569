"""Published single- and two-frame networks, defined anew so that their checkpoints can be read and exported."""
