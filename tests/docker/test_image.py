"""The image around the binary of this build: run read-only as 10001, it is healthy, and holds nothing to misuse."""
import os
import pathlib
import shutil
import tempfile

import checks
import image

with tempfile.TemporaryDirectory() as folder:
    context = pathlib.Path(folder)
    for name in ("LICENSE", "scripts/install_packages", "scripts/packages.txt"):
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(image.ROOT / name, context / name)
    (context / "build/release").mkdir(parents=True)
    shutil.copy(os.environ["BAILEE"], context / "build/release/bailee")
    with image.built(context, "BUILD=prebuilt") as (config, tree):
        checks.check(config, tree)
print("the image runs read-only as 10001, healthy, and ends on SIGTERM")
