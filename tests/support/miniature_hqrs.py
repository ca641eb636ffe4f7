"""A small data set in the layout of each of the 23 sources of HQRS, by the names of their presets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.miniature_sources import (
    auair,
    carpk,
    dota,
    fmow,
    hrsc,
    isaid,
    levir,
    mlrsnet,
    stanford_drone,
    visdrone,
)
from support.miniatures import Truths, boxed_voc, class_folders, masked


def together(*writers: Callable[[Path], Truths]) -> Callable[[Path], Truths]:
    """The parts of a source that lie in folders of their own."""

    def write(folder: Path) -> Truths:
        return {name: truth for writer in writers for name, truth in writer(folder).items()}

    return write


LOVEDA = {None: 0, "building": 2, "road": 3, "water": 4, "barren": 5, "forest": 6, "agriculture": 7}
ISPRS = {"impervious surface": (255, 255, 255), "building": (0, 0, 255), "low vegetation": (0, 255, 255)}
ISPRS |= {"tree": (0, 255, 0), "car": (255, 255, 0), None: (255, 0, 0)}
DIOR = ("airplane", "airport", "baseballfield", "basketballcourt", "bridge", "chimney", "dam", "golffield")
DIOR += ("groundtrackfield", "harbor", "overpass", "ship", "stadium", "storagetank", "tenniscourt")
DIOR += ("trainstation", "vehicle", "windmill")
EXPRESSWAY = {"Expressway-Service-area": "expresswayservicearea"}
EXPRESSWAY |= {"Expressway-toll-station": "expresswaytollstation"}
HRRSD = ("ship", "bridge", "ground track field", "storage tank", "basketball court", "tennis court")
HRRSD += ("airplane", "baseball diamond", "harbor", "vehicle", "crossroad", "T junction", "parking lot")
RSOD = ("aircraft", "oiltank", "overpass", "playground")
VOC = "RSOD/{top}/Annotation/xml/{stem}.xml"


def same(names: tuple[str, ...]) -> dict[str, str]:
    return {name: name for name in names}


MINIATURES: dict[str, Callable[[Path], Truths]] = {
    "fmow": fmow,
    "auair": auair,
    "carpk": carpk,
    "stanford_drone": stanford_drone,
    "visdrone": visdrone,
    "isaid": isaid,
    "loveda": together(
        *(
            masked(
                f"LoveDA/{split}/{area}/images_png",
                f"LoveDA/{split}/{area}/masks_png",
                {f"{number}.png": f"{number}.png"},
                LOVEDA,
                split.lower(),
            )
            for number, (split, area) in enumerate(
                (split, area) for split in ("Train", "Val") for area in ("Urban", "Rural")
            )
        )
    ),
    "isprs_potsdam": masked(
        "Potsdam/2_Ortho_RGB",
        "Potsdam/5_Labels_all",
        {f"top_potsdam_2_{n}_RGB.tif": f"top_potsdam_2_{n}_label.tif" for n in (10, 11)},
        ISPRS,
    ),
    "isprs_vaihingen": masked(
        "Vaihingen/top",
        "Vaihingen/gts",
        same(("top_mosaic_09cm_area1.tif", "top_mosaic_09cm_area11.tif")),
        ISPRS,
    ),
    "dior": boxed_voc(
        {"DIOR/JPEGImages-trainval/00001.jpg": "train", "DIOR/JPEGImages-test/11726.jpg": "test"},
        "DIOR/Annotations/Horizontal Bounding Boxes/{stem}.xml",
        "DIOR/ImageSets/Main",
        same(DIOR) | EXPRESSWAY,
    ),
    "dota": dota,
    "hrrsd": boxed_voc(
        {"OPT2017/JPEGImages/00001.jpg": "train", "OPT2017/JPEGImages/00002.jpg": "val"},
        "OPT2017/Annotations/{stem}.xml",
        "OPT2017/ImageSets/Main",
        same(HRRSD),
    ),
    "hrsc": hrsc,
    "levir": levir,
    "rsod": boxed_voc({f"RSOD/{kind}/JPEGImages/{kind}_1.jpg": "" for kind in RSOD}, VOC, None, same(RSOD)),
    "nwpu_resisc45": class_folders("NWPU-RESISC45", "airplane", "sea_ice", "wetland"),
    "aid": class_folders("AID", "Airport", "Center", "Viaduct"),
    "rsi_cb128": together(
        class_folders("RSI-CB128", "city_building", suffix="tif", group="construction land/"),
        class_folders("RSI-CB128", "turning_circle", suffix="tif", group="transportation/"),
    ),
    "rsi_cb256": together(
        class_folders("RSI-CB256", "storage_room", suffix="tif", group="construction land/"),
        class_folders("RSI-CB256", "hirst", suffix="tif", group="water area/"),
    ),
    "whu_rs19": class_folders("WHU-RS19", "Airport", "footballField", "railwayStation"),
    "optimal31": class_folders("OPTIMAL-31/Images", "airplane", "roundabout", "runway"),
    "mlrsnet": mlrsnet,
    "eurosat": class_folders("EuroSAT/2750", "AnnualCrop", "SeaLake"),
}
