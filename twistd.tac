"""A site of b2bua: `twistd -y twistd.tac`.

This file, settings.toml, plugins/ and certs/ are the site; copy them beside an installed b2bua.
"""

import sys
from pathlib import Path

from twisted.application.service import Application

from b2bua.app.start_error import StartError
from b2bua.app.twistd import site_service, tac_log

application = Application("b2bua")
try:
    site = site_service(Path(__file__).resolve().parent / "settings.toml", tac_log(sys.argv[1:]))
except StartError as problem:
    sys.exit(f"b2bua: {problem}")
site.setServiceParent(application)
