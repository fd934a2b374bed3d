#!/usr/bin/env python3
"""Times OpenCV + albumentations on one JPEG, one thread: a bare grey decode, and the method's augmentation.

  bench_reference_pipeline.py RADIOGRAPH.jpg

The bench of xray-dataset writes such a file: target/tmp/radiograph.jpg. Needs: pip install
opencv-python-headless albumentations.
"""
import sys
import time

import albumentations as A
import cv2

cv2.setNumThreads(1)
path = sys.argv[1]
recipe = A.Compose([
    A.RandomResizedCrop(size=(512, 512), scale=(0.6, 1.0), ratio=(3 / 4, 4 / 3)),
    A.Normalize(mean=0.5, std=0.25, max_pixel_value=255),
    A.Affine(rotate=(-20, 20), translate_percent=(-0.1, 0.1), scale=(0.95, 1.05), p=0.5),
    A.RandomBrightnessContrast(0.2, 0.2, p=0.5),
    A.GaussianBlur(blur_limit=(3, 7), sigma_limit=(0.1, 3.0), p=0.5),
    A.Resize(224, 224),
])


def rate(work, seconds=8):
    work()
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        work()
        count += 1
    return count / (time.perf_counter() - start)


# The released code decodes in colour.
print(f"grey decode    {rate(lambda: cv2.imread(path, cv2.IMREAD_GRAYSCALE)):8.1f} images/s")
print(f"colour decode  {rate(lambda: cv2.imread(path)):8.1f} images/s")
print(f"grey pipeline  {rate(lambda: recipe(image=cv2.imread(path, cv2.IMREAD_GRAYSCALE)[..., None])):8.1f} images/s")
print(f"whole pipeline {rate(lambda: recipe(image=cv2.imread(path))):8.1f} images/s")
