"""TC-Depth as published (Ruhkamp et al., "Attention meets Geometry", 3DV 2021), for checkpoints users download.

Modules in the order of the data: `encoder`, `coarse_depth`, `geometry`, `attention`, `decoder`,
`network` (the network), `checkpoint` (the official files), `streaming` (the same function, cut into
what depends on one frame and what depends on three), `export`, `macs`, `verify`, `card`,
`import_checkpoint` (the command). Nothing is imported here, so that the command can say which
packages are missing.
"""
