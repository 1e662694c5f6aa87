#!/bin/bash
# What the batch session runs: one night, from the raw images to the light curves.
set -euo pipefail

night=$1
cd /arc/home/mjones/m31
read -p "Has $night been copied from the telescope? " answer
if [ "$answer" = yes ]; then
    python3 /opt/m31/reduce.py "$night"
    ds9 flattened.fits -zscale
fi
