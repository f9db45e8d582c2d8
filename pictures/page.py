"""The page for reviewers, as a browser shows its beginning."""

from pictures.camera import Camera


def take(camera: Camera, html: str) -> None:
    """Writes page-light.png and page-dark.png."""
    camera.keep("page", html, 1280, 900)
