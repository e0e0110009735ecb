"""Build the RTP relay, and put the drop-ins of plugins/ where an installed b2bua finds them."""

from __future__ import annotations

import os
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_py import build_py

SOURCES = sorted(str(path) for path in Path("b2bua/media/csrc").glob("*.c"))
HEADERS = sorted(str(path) for path in Path("b2bua/media/csrc").glob("*.h"))
SANITIZE = os.environ.get("B2BUA_SANITIZE")  # for example "address,undefined" or "thread"
FLAGS = [
    "-std=c11",
    "-D_GNU_SOURCE",
    "-Wall",
    "-Wextra",
    "-Wshadow",
    "-Wconversion",
    "-Wstrict-prototypes",
    "-fvisibility=hidden",
]
CHECKED = [f"-fsanitize={SANITIZE}", "-fno-sanitize-recover=all", "-O1", "-g"] if SANITIZE else []


class BuildPyWithPlugins(build_py):
    """Carry the top-level drop-ins into the installed `b2bua.plugins`."""

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        modules: list[tuple[str, str, str]]
        modules = build_py.find_package_modules(self, package, package_dir)
        if package == "b2bua.plugins":
            drop_ins = sorted(Path("plugins").glob("*.py"))
            modules += [(package, path.stem, str(path)) for path in drop_ins]
        return modules


setup(
    cmdclass={"build_py": BuildPyWithPlugins},
    ext_modules=[
        Extension(
            "b2bua.media._relay",
            SOURCES,
            depends=HEADERS,
            define_macros=[("Py_LIMITED_API", "0x030B0000")],
            py_limited_api=True,
            extra_compile_args=[*FLAGS, *CHECKED],
            extra_link_args=[*CHECKED, "-pthread", "-lm"],
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
