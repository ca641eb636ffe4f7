"""Small data sets in the layouts that one source alone has, with what is in them."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

from support.miniatures import (
    HEIGHT,
    WIDTH,
    Truth,
    Truths,
    corners,
    picture,
    places,
    put,
)


def fmow(folder: Path) -> Truths:
    classes = ("airport", "crop_field", "parking_lot_or_garage", "multi-unit_residential", "zoo")
    found = {}
    for number, category in enumerate(classes):
        boxes = [{"ID": i, "category": category, "box": list(place)} for i, place in enumerate(places(2))]
        note = {"gsd": 0.5, "img_width": WIDTH, "img_height": HEIGHT, "timestamp": "2016-03-05T08:09:10Z"}
        note |= {"cloud_cover": 3, "utm": "21J", "bounding_boxes": boxes if number else boxes[0]}
        for rendering in ("rgb", "msrgb"):
            name = f"{category}/{category}_0/{category}_0_0_{rendering}"
            picture(folder / f"fMoW/val/{name}.jpg")
            put(folder / f"fMoW/val/{name}.json", json.dumps(note))
        told = tuple((category, corners(place)) for place in places(2)[: 2 if number else 1])
        name = f"{category}/{category}_0/{category}_0_0_rgb.jpg"
        found[name] = Truth(objects=told, split="val", date="2016-03-05", gsd=0.5)
    return found


def auair(folder: Path) -> Truths:
    categories = ("Human", "Car", "Truck", "Van", "Motorbike", "Bicycle", "Bus", "Trailer")
    ours = ("person", "car", "truck", "van", "motorbike", "bicycle", "bus", "trailer")
    keys = ("left", "top", "width", "height")
    frames, found = [], {}
    for name in ("frame_20190829091111_x_0000249.jpg", "frame_20190829091111_x_0000334.jpg"):
        boxes = [dict(zip(keys, place, strict=True)) | {"class": i} for i, place in enumerate(places(8))]
        time = {"year": 2019, "month": 8, "day": 29, "hour": 9, "min": 11, "sec": 11, "ms": 394400.0}
        size = {"image_width:": float(WIDTH), "image_height": float(HEIGHT), "platform": "Parrot Bebop 2"}
        frames.append({"image_name": name, **size, "time": time, "altitude": 19921.6, "bbox": boxes})
        picture(folder / "AU-AIR/images" / name)
        objects = tuple(zip(ours, map(corners, places(8)), strict=True))
        found[name] = Truth(objects=objects, date="2019-08-29")
    content = {"info": {}, "categories": list(categories), "annotations": frames}
    put(folder / "AU-AIR/annotations.json", json.dumps(content))
    return found


def carpk(folder: Path) -> Truths:
    found = {}
    for name, split in (("20160331_NTU_00001", "train"), ("20161225_TPZ_00001", "test")):
        boxes = [corners(place) for place in places(7)]
        text = "".join(f"{' '.join(map(str, box))} 1\n" for box in boxes)
        picture(folder / f"CARPK_devkit/data/Images/{name}.png")
        put(folder / f"CARPK_devkit/data/Annotations/{name}.txt", text)
        put(folder / f"CARPK_devkit/data/ImageSets/{split}.txt", f"{name}\n")
        found[f"{name}.png"] = Truth(objects=tuple(("car", box) for box in boxes), split=split)
    return found


def stanford_drone(folder: Path) -> Truths:
    classes = {"Pedestrian": "pedestrian", "Biker": "cyclist", "Skater": "skateboarder"}
    classes |= {"Cart": "cart", "Car": "car", "Bus": "bus"}
    boxes = dict(zip(classes, map(corners, places(6)), strict=True))
    lines = [
        f'{track} {" ".join(map(str, box))} {frame} {int(label == "Bus" and frame == 30)} 0 1 "{label}"'
        for track, (label, box) in enumerate(boxes.items())
        for frame in range(31)
    ]
    put(folder / "SDD/annotations/quad/video0/annotations.txt", "\n".join(lines))
    picture(folder / "SDD/annotations/quad/video0/reference.jpg")
    found = {}
    for number in (1, 2):  # frames 0 and 30; the bus is out of view in the second
        seen = [label for label in classes if number == 1 or label != "Bus"]
        picture(folder / f"SDD/frames/quad/video0/00000{number}.jpg")
        objects = tuple((classes[label], boxes[label]) for label in seen)
        found[f"quad/video0/00000{number}.jpg"] = Truth(objects=objects)
    return found


def visdrone(folder: Path) -> Truths:
    ours = {1: "person", 2: "person", 3: "bicycle", 4: "car", 5: "van", 6: "truck", 7: "tricycle"}
    ours |= {8: "awning-tricycle", 9: "bus", 10: "motor"}
    found = {}
    for split, name in (("train", "0000002_00005_d_0000014"), ("val", "0000001_02999_d_0000005")):
        lines, objects = [], []
        for category, place in enumerate(places(12)):
            score = int(category not in (0, 11))
            lines.append(f"{','.join(map(str, place))},{score},{category},0,0" + "," * (split == "val"))
            objects += [(ours[category], corners(place))] if category in ours else []
        picture(folder / f"VisDrone2019-DET-{split}/images/{name}.jpg")
        put(folder / f"VisDrone2019-DET-{split}/annotations/{name}.txt", "\n".join(lines))
        found[f"{name}.jpg"] = Truth(objects=tuple(objects), split=split)
    return found


def levir(folder: Path) -> Truths:
    names = {1: "airplane", 2: "ship", 3: "oilpot"}
    found = {}
    for image in ("00001.jpg", "00002.jpg"):
        boxes = [corners(place) for place in places(3)]
        lines = [f"{number} {' '.join(map(str, box))}" for number, box in zip(names, boxes, strict=True)]
        picture(folder / "LEVIR/imageWithLabel" / image)
        put(folder / f"LEVIR/imageWithLabel/{image[:-4]}.txt", "\n".join(lines))
        found[image] = Truth(objects=tuple(zip(names.values(), boxes, strict=True)))
    return found


def dota(folder: Path) -> Truths:
    found = {}
    for split, image in (("train", "P0000.png"), ("val", "P0003.png")):
        classes = ("plane", "small-vehicle", "helipad", "airport", "container-crane")
        lines, objects = ["imagesource:GoogleEarth", "gsd:0.25"], []
        for label, (left, top, width, height) in zip(classes, places(5), strict=True):
            right, bottom = left + width, top + height
            lines.append(f"{left} {top} {right} {top} {right} {bottom} {left} {bottom} {label} 0")
            objects.append((label, corners((left, top, width, height))))
        picture(folder / f"DOTA/{split}/images/{image}")
        put(folder / f"DOTA/{split}/labelTxt/{image[:-4]}.txt", "\n".join(lines))
        found[image] = Truth(objects=tuple(objects), split=split, gsd=0.25)
    return found


def isaid(folder: Path) -> Truths:
    names = {1: "storage_tank", 2: "Large_Vehicle", 4: "plane", 6: "Swimming_pool", 15: "Helicopter"}
    ours = {1: "storage-tank", 2: "large-vehicle", 4: "plane", 6: "swimming-pool", 15: "helicopter"}
    found = {}
    for split, image in (("train", "P0002.png"), ("val", "P0007.png")):
        annotations, objects = [], []
        for number, ((category, label), place) in enumerate(zip(ours.items(), places(5), strict=True)):
            x1, y1, x2, y2 = corners(place)
            outline = [x1, y1, x2, y1, x2, y2, x1, y2]
            common = {"id": number, "image_id": 0, "iscrowd": 0, "area": place[2] * place[3]}
            annotations.append(
                common | {"category_id": category, "bbox": list(place), "segmentation": [outline]}
            )
            objects.append((label, (x1, y1, x2, y2)))
        images = [{"id": 0, "file_name": image, "width": WIDTH, "height": HEIGHT, "ins_file_name": "x.png"}]
        categories = [{"id": key, "name": name} for key, name in names.items()]
        content = {"images": images, "annotations": annotations, "categories": categories}
        put(folder / f"iSAID/{split}/Annotations/iSAID_{split}.json", json.dumps(content))
        picture(folder / f"iSAID/{split}/images/{image}")
        found[image] = Truth(objects=tuple(objects), split=split)
    return found


def hrsc(folder: Path) -> Truths:
    classes = {1: "ship", 5: "aircraft carrier", 7: "destroyer", 20: "car carrier", 33: "aircraft carrier"}
    found = {}
    for image, split in (("100000001.bmp", "train"), ("100000002.bmp", "test")):
        parts, objects = [], []
        for (number, label), (left, top, width, height) in zip(classes.items(), places(5), strict=True):
            cx, cy, w, h, angle = left + 3, top + 3, width / 4, height / 4, 0.3
            fields = {"Class_ID": 100000000 + number, "truncated": 0, "difficult": 0, "mbox_cx": cx}
            fields |= {"mbox_cy": cy, "mbox_w": w, "mbox_h": h, "mbox_ang": angle}
            inner = "".join(f"<{key}>{value}</{key}>" for key, value in fields.items())
            parts.append(f"<HRSC_Object>{inner}</HRSC_Object>")
            across = abs(w / 2 * math.cos(angle)) + abs(h / 2 * math.sin(angle))
            down = abs(w / 2 * math.sin(angle)) + abs(h / 2 * math.cos(angle))
            box = max(cx - across, 0), max(cy - down, 0), min(cx + across, WIDTH), min(cy + down, HEIGHT)
            objects.append((label, box))
        size = f"<Img_SizeWidth>{WIDTH}</Img_SizeWidth><Img_SizeHeight>{HEIGHT}</Img_SizeHeight>"
        more = "<Img_Date>2014-07-01</Img_Date><Img_Resolution>1.07</Img_Resolution>"
        note = f"<HRSC_Image>{size}{more}<HRSC_Objects>{''.join(parts)}</HRSC_Objects></HRSC_Image>"
        picture(folder / "HRSC2016/FullDataSet/AllImages" / image)
        put(folder / f"HRSC2016/FullDataSet/Annotations/{image[:-4]}.xml", note)
        put(folder / f"HRSC2016/ImageSets/{split}.txt", image[:-4] + "\n")
        found[image] = Truth(objects=tuple(objects), split=split, date="2014-07-01", gsd=1.07)
    return found


def mlrsnet(folder: Path) -> Truths:
    columns = ("airplane", "bare soil", "buildings", "habor", "ships", "snowberg", "trees")
    ours = ("airplane", "bare soil", "buildings", "harbor", "ships", "snowberg", "trees")
    found = {}
    for position, scene in enumerate(("airplane", "harbor&port", "wind_turbine")):
        sink = io.StringIO()
        table = csv.writer(sink)
        table.writerow(("image", *columns))
        for number in (1, 2):
            marks = [(place + number + position) % 2 for place in range(len(columns))]
            table.writerow((f"{scene}_0000{number}.jpg", *marks))
            image = f"{scene}/{scene}_0000{number}.jpg"
            picture(folder / "MLRSNet/Images" / image)
            present = tuple(label for label, mark in zip(ours, marks, strict=True) if mark)
            found[image] = Truth(scene=scene, labels=present)
        put(folder / f"MLRSNet/labels/{scene}.csv", sink.getvalue())
    return found
