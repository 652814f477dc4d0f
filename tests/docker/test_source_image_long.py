"""The image as the Dockerfile makes it by default: compiled from the sources inside the build."""
import checks
import image

with image.built(image.ROOT) as (config, tree):
    checks.check(config, tree)
print("the image built from source runs read-only as 10001, healthy, and ends on SIGTERM")
