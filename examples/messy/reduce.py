"""Flat-field one night of images, measure the stars of interest in each, and plot their light curves."""

import glob
import os
import sys

import matplotlib

matplotlib.use("TkAgg")

import matplotlib.pyplot as plt
import pandas as pd
from astropy.io import fits
from photutils.aperture import CircularAperture, aperture_photometry

RAW = "/arc/projects/m31/raw"


def flat_field(name, flat):
    """The corner of a frame that M31 lies in, divided by its flat, and when it was taken."""
    with fits.open(name, memmap=False) as hdul:
        return hdul[0].data[:512, :512] / flat, hdul[0].header["MJD-OBS"]


def read_catalogue(name):
    """Where the stars of interest are: one `x y` a line, in pixels."""
    stars = []
    with open(name) as file:
        for line in file.readlines():
            x, y = line.split()
            stars.append((float(x), float(y)))
    return stars


def main():
    night = sys.argv[1]
    radius = float(input("Radius of the aperture in pixels: "))
    flat = fits.getdata(f"/home/mjones/calib/flat_{night}.fits")
    stars = read_catalogue(os.path.join(RAW, night, "stars.txt"))
    gaia = pd.read_csv(os.path.join(RAW, night, "gaia.csv"))
    rows = []
    for name in sorted(glob.glob(os.path.join(RAW, night, "*.fits"))):
        image, mjd = flat_field(name, flat)
        fits.writeto("flattened.fits", image, overwrite=True)
        fluxes = aperture_photometry(image, CircularAperture(stars, radius))["aperture_sum"]
        rows += [(star, mjd, flux) for star, flux in enumerate(fluxes)]
    curves = pd.DataFrame(rows, columns=["star", "mjd", "flux"]).join(gaia.set_index("star"), on="star")
    curves.to_csv("curves.csv")
    for _, curve in curves.groupby("star"):
        plt.plot(curve["mjd"], curve["flux"])
    plt.savefig(f"curves_{night}.png")
    plt.show()


if __name__ == "__main__":
    main()
